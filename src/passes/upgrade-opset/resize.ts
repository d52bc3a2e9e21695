/**
 * Upsample (7, 9) and the first Resize (10) as today's Resize: coordinates are x / scale, and nearest takes the
 * element below when growing and, as onnxruntime reads opset 10, the one above when shrinking.
 */
import { attr, attributes, stringAttr, Tensor } from '../../ir/index.ts';
import { type Conversion, type NodeUpgrade, refuse } from './node-upgrade.ts';

export const upgradeUpsample: Conversion = (u) => {
  const { draft, node } = u;
  const given = node.attributes.get('scales');
  if (given?.type === 'floats') {
    const tensor = Tensor.from('float32', [given.value.length], given.value);
    replace(u, draft.addConstant(`${node.outputs[0]}_scales`, tensor), 'floor');
  } else replace(u, node.inputs[1] ?? refuse(u, 'it has no scales'), 'floor');
};

export const upgradeResize: Conversion = (u) => {
  const scales = u.node.inputs[1] ?? refuse(u, 'it has no scales');
  if (stringAttr(u.node, 'mode', 'nearest') !== 'nearest') return replace(u, scales, 'floor');
  const factors = u.draft.constant(scales)?.toNumbers();
  if (factors === undefined) return refuse(u, 'its rounding depends on scales that are not constant');
  const grows = factors.every((f) => f >= 1);
  if (!grows && factors.some((f) => f > 1))
    return refuse(u, 'it grows along one axis and shrinks along another');
  return replace(u, scales, grows ? 'floor' : 'ceil');
};

function replace(u: NodeUpgrade, scales: string, nearest: 'floor' | 'ceil'): void {
  const mode = stringAttr(u.node, 'mode', 'nearest');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'bilinear')
    refuse(u, `its mode '${mode}' is not known`);
  u.draft.replace(u.node, {
    op: 'Resize',
    inputs: [u.node.inputs[0]!, '', scales],
    attributes: attributes({
      mode: attr.string(mode === 'bilinear' ? 'linear' : mode),
      coordinate_transformation_mode: attr.string('asymmetric'),
      nearest_mode: mode === 'nearest' ? attr.string(nearest) : undefined,
    }),
  });
}

/** Opset 13 took out one way of reading coordinates; all else of 11 stands. */
export const checkResize11: Conversion = (u) => {
  if (stringAttr(u.node, 'coordinate_transformation_mode') === 'tf_half_pixel_for_nn')
    refuse(u, "its coordinate_transformation_mode 'tf_half_pixel_for_nn' is gone");
};
