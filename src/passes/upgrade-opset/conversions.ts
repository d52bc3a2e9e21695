/** Every incompatible change between opsets 7 and 13, with what is done about it; all other changes only widened operators. */
import { dtypeOf, intAttr, stringAttr } from '../../ir/index.ts';
import { convTransposeGeometry } from '../../ops/conv-geometry.ts';
import {
  upgradeAxes,
  upgradeClip,
  upgradeDropout,
  upgradePad,
  upgradeSlice,
  upgradeSplit,
  upgradeTopK,
} from './attributes-to-inputs.ts';
import { type Conversion, refuse, without } from './node-upgrade.ts';
import { checkResize11, upgradeResize, upgradeUpsample } from './resize.ts';
import { upgradeSoftmax } from './softmax.ts';

interface Change {
  /** The first opset that has the new meaning. */
  readonly since: number;
  /** From an older form, however old, to that of opset 13. */
  readonly convert: Conversion;
}

/** Opset 9: normalization over each element of a feature map, instead of each channel, went. */
const upgradeBatchNorm: Conversion = (u) => {
  if (intAttr(u.node, 'spatial', 1) === 0) refuse(u, 'spatial = 0 is gone');
  if (u.node.attributes.has('spatial')) u.draft.replace(u.node, { attributes: without(u.node, 'spatial') });
};

/** Opset 11: the operator got another name. */
const upgradeScatter: Conversion = ({ draft, node }) => {
  draft.replace(node, { op: 'ScatterElements' });
};

/**
 * Opset 11: SAME_LOWER and SAME_UPPER changed places in the formula, and the odd cell of pads that follow from
 * output_shape its side. Where every total is even both formulas split it alike.
 */
const checkConvTranspose: Conversion = (u) => {
  const { node, types } = u;
  const computed =
    node.attributes.has('output_shape') || stringAttr(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  if (!computed) return;
  const input = types.shape(node.inputs[0]!);
  const pads = input && convTransposeGeometry(node, input, types.shape(node.inputs[1]!))?.pads;
  if (!pads?.begin.every((p, i) => p === pads.end[i]))
    refuse(u, 'the odd cell of the padding it computes lies on the other side since opset 11');
};

/** Opset 13: no integers any more. */
const checkErf: Conversion = (u) => {
  const type = u.types.type(u.node.inputs[0]!);
  const dtype = type && dtypeOf(type);
  if (dtype?.includes('int')) refuse(u, `Erf takes no ${dtype} any more`);
};

const refuseOneHot: Conversion = (u) =>
  refuse(u, 'negative indices of OneHot mean something else since opset 11');

const refuseScan: Conversion = (u) => refuse(u, 'Scan lost its batch dimension with opset 9');

/** Oldest first; those later than the node's opset apply, the first alone: it leads to opset 13. */
export const changes: ReadonlyMap<string, readonly Change[]> = new Map(
  Object.entries({
    BatchNormalization: [{ since: 9, convert: upgradeBatchNorm }],
    Clip: [{ since: 11, convert: upgradeClip }],
    ConvTranspose: [{ since: 11, convert: checkConvTranspose }],
    Dropout: [{ since: 12, convert: upgradeDropout }],
    Erf: [{ since: 13, convert: checkErf }],
    Hardmax: [{ since: 13, convert: upgradeSoftmax }],
    LogSoftmax: [{ since: 13, convert: upgradeSoftmax }],
    OneHot: [{ since: 11, convert: refuseOneHot }],
    Pad: [{ since: 11, convert: upgradePad }],
    ReduceSum: [{ since: 13, convert: upgradeAxes }],
    Resize: [
      { since: 11, convert: upgradeResize },
      { since: 13, convert: checkResize11 },
    ],
    Scan: [{ since: 9, convert: refuseScan }],
    Scatter: [{ since: 11, convert: upgradeScatter }],
    Slice: [{ since: 10, convert: upgradeSlice }],
    Softmax: [{ since: 13, convert: upgradeSoftmax }],
    Split: [{ since: 13, convert: upgradeSplit }],
    Squeeze: [{ since: 13, convert: upgradeAxes }],
    TopK: [{ since: 10, convert: upgradeTopK }],
    Unsqueeze: [{ since: 13, convert: upgradeAxes }],
    Upsample: [{ since: 10, convert: upgradeUpsample }],
  }),
);
