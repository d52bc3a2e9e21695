/** Normalizations of floats: by layer, instance, group and root mean square, and by the statistics of a batch. */
import { elementCount } from '../../base/integer.ts';
import { floatAttr, intAttr } from '../../ir/index.ts';
import { normalizeAxis } from '../../ops/axes.ts';
import {
  batchNormalization,
  blockNormalization,
  layerNormalization,
  rmsNormalization,
} from '../kernels/normalization.ts';
import { alongRows } from './crossing-views.ts';
import { denseFloats, floatInput, floatOutput } from './float-views.ts';
import { groupsAlong, loopsAround, makeGroups } from './groups.ts';
import { rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';
import { expanded, splitAxis } from './move-views.ts';

const pointers = ['source', 'target', 'scale', 'shift'] as const;

interface Rows {
  readonly from: View;
  readonly to: View;
  readonly scale: View;
  readonly shift: View | undefined;
  /** Axes of a row. */
  readonly along: readonly number[];
  readonly run: number;
  readonly scaleStep: number;
}

function callRows(context: LowerContext, kernel: typeof layerNormalization, rows: Rows): void {
  const { from, to, scale, shift = scale, along, run, scaleStep } = rows;
  if (elementCount(to.dims) === 0) return;
  const epsilon = floatAttr(context.node, 'epsilon', Math.fround(1e-5));
  if (Number.isNaN(epsilon)) context.refuse('its epsilon is NaN');
  makeGroups(context, to, along, (target, targetStep) => {
    const source = groupsAlong(context, from, along);
    const views = [source.view, target, scale, shift];
    for (const { params, units } of rowsOf(pointers, views, loopsAround(to.dims, views, along, 1)))
      context.call(
        kernel,
        {
          ...params,
          epsilon,
          count: source.count,
          sourceStep: source.step,
          targetStep,
          run,
          scaleStep,
          shiftStep: scaleStep,
          shifts: rows.shift === undefined ? 0 : 1,
        },
        units,
      );
  });
}

function onlyResult(context: LowerContext): void {
  if (context.node.outputs.slice(1).some((name) => name !== ''))
    context.refuse('there is no kernel for the statistics it makes');
}

/** Scales and shifts of the elements of a row, which rows have in common. */
function lowerByLayer(context: LowerContext): void {
  const { node } = context;
  onlyResult(context);
  const from = floatInput(context, 0);
  const axis = normalizeAxis(intAttr(node, 'axis', -1), from.dims.length, node);
  const along = [...from.dims.keys()].slice(axis);
  const alongRow = (index: number): View => {
    const view = expanded(floatInput(context, index), from.dims);
    if (view.strides.some((s, a) => a < axis && s !== 0))
      context.refuse('there is no kernel for a scale or shift that differs from row to row');
    const row = { ...view, dims: from.dims.slice(axis), strides: view.strides.slice(axis) };
    const dense = denseFloats(context, row);
    return {
      ...dense,
      dims: from.dims,
      strides: from.dims.map((_, a) => (a < axis ? 0 : dense.strides[a - axis]!)),
    };
  };
  const scale = alongRow(1);
  const shift = context.has(2) && node.op === 'LayerNormalization' ? alongRow(2) : undefined;
  const kernel = node.op === 'LayerNormalization' ? layerNormalization : rmsNormalization;
  floatOutput(context, 0, (to) =>
    callRows(context, kernel, { from, to, scale, shift, along, run: 1, scaleStep: 4 }),
  );
}

/** One scale and shift for each channel, spread over the axes around: [1, C, 1, ...]. */
function perChannel(view: View, dims: readonly number[]): View {
  return { ...view, dims, strides: dims.map((_, axis) => (axis === 1 ? view.strides[0]! : 0)) };
}

function lowerInstance(context: LowerContext): void {
  const from = floatInput(context, 0);
  const { dims } = from;
  const [scale, shift] = [floatInput(context, 1), floatInput(context, 2)].map((v) => perChannel(v, dims));
  const along = [...dims.keys()].slice(2);
  const run = elementCount(dims.slice(2));
  floatOutput(context, 0, (to) =>
    callRows(context, blockNormalization, { from, to, scale: scale!, shift, along, run, scaleStep: 0 }),
  );
}

/** Before opset 21 scale and shift are those of groups, else of channels. */
function lowerGroup(context: LowerContext): void {
  const { node, opset } = context;
  const from = floatInput(context, 0);
  const groups = intAttr(node, 'num_groups', 1);
  const channels = from.dims[1]!;
  if (!(groups > 0) || channels % groups !== 0)
    context.refuse(`${channels} channels are not in ${groups} groups`);
  const share = channels / groups;
  const inner = elementCount(from.dims.slice(2));
  const inGroups = (view: View): View => splitAxis(view, 1, [groups, share]);
  const byGroup = opset < 21;
  const spread = (view: View): View => {
    const { dims } = inGroups(from);
    const step = view.strides[0]! * (byGroup ? 1 : share);
    return { ...view, dims, strides: dims.map((_, axis) => (axis === 1 ? step : 0)) };
  };
  const [scale, shift] = [spread(floatInput(context, 1)), spread(floatInput(context, 2))];
  const along = [...inGroups(from).dims.keys()].slice(2);
  floatOutput(context, 0, (to) =>
    callRows(context, blockNormalization, {
      from: inGroups(from),
      to: inGroups(to),
      scale,
      shift,
      along,
      run: byGroup ? inner * share : inner,
      scaleStep: byGroup ? 0 : 4,
    }),
  );
}

function lowerBatch(context: LowerContext): void {
  const { node } = context;
  onlyResult(context);
  const from = floatInput(context, 0);
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => {
    const tensor = context.constant(i);
    if (tensor === undefined || context.inputQuant(i) !== undefined || intAttr(node, 'spatial', 1) === 0)
      context.refuse('there is no kernel for statistics that are no constants of floats, one a channel');
    return tensor.toNumbers();
  });
  const epsilon = floatAttr(node, 'epsilon', Math.fround(1e-5));
  const rows = Float64Array.from({ length: 4 * from.dims[1]! }, (_, i) => {
    const c = i >> 2;
    return [mean![c]!, Math.sqrt(variance![c]! + epsilon), scale![c]!, shift![c]!][i & 3]!;
  });
  const params = {
    at: context.constants(new Uint8Array(rows.buffer), 16),
    strides: from.dims.map((_, axis) => (axis === 1 ? 32 : 0)),
  };
  floatOutput(context, 0, (to) => {
    if (elementCount(to.dims) === 0) return;
    const views = [from, to, params];
    const { outer, row } = alongRows(to.dims, views, 1, (l) => l.steps[2] === 0);
    const still = row.steps[2] === 0;
    // Where channels are all there is, each is a row.
    const loops = still ? outer : [...outer, row];
    const [sourceStep, targetStep] = still ? row.steps : [4, 4];
    for (const { params: fields, units } of rowsOf(['source', 'target', 'params'], views, loops))
      context.call(
        batchNormalization,
        { ...fields, count: still ? row.size : 1, sourceStep: sourceStep!, targetStep: targetStep! },
        units,
      );
  });
}

export const normalizationLowerings: readonly Lowering[] = [
  { op: 'LayerNormalization', lower: lowerByLayer },
  { op: 'RMSNormalization', lower: lowerByLayer },
  { op: 'InstanceNormalization', lower: lowerInstance },
  { op: 'GroupNormalization', lower: lowerGroup },
  { op: 'BatchNormalization', lower: lowerBatch },
];
