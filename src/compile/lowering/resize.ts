/** Resize and Upsample: nearest by places, linear and cubic by mixing one axis after the other. */
import { elementCount } from '../../base/integer.ts';
import { Tensor } from '../../ir/index.ts';
import { multiplier } from '../../ops/crossings.ts';
import { resizePlan } from '../../ops/resize/reference.ts';
import type { Mix } from '../../ops/resize/weights.ts';
import type { Mixed } from '../kernels/resize.ts';
import { mixBytes, mixKernel } from '../kernels/resize.ts';
import { moveView } from './crossing-views.ts';
import { floatInput, floatOutput } from './float-views.ts';
import { movePlaces } from './gather-views.ts';
import { denseStrides, loopsOf, rowsOf } from './loops.ts';
import type { LowerContext, Lowering, View } from './lowering.ts';

function lower(context: LowerContext): void {
  const { node, opset, inputCount } = context;
  const { dims } = context.input(0);
  const inputs = Array.from({ length: inputCount }, (_, i) => {
    if (i === 0) return Tensor.lazy('float32', dims, () => new Uint8Array(0));
    const tensor = context.constant(i);
    if (tensor === undefined && context.has(i))
      context.refuse('there is no kernel for sizes that the model computes itself');
    return tensor;
  });
  const plan = resizePlan({ node, opset, inputs });
  if (plan.kind === 'nearest') {
    if (plan.places.some((axis) => axis.includes(-1)))
      context.refuse('there is no kernel for crops beyond the data');
    movePlaces(context, context.input(0), context.output(0), plan.places);
    return;
  }
  if (plan.mixes.some((axis) => axis?.some((m) => m.places.length === 0)))
    context.refuse('there is no kernel for crops beyond the data');
  const axes = plan.mixes.flatMap((mixes, axis) => (mixes === undefined ? [] : [{ axis, mixes }]));
  const onCodes = context.inputQuant(0) !== undefined && context.outputQuant(0) !== undefined;
  if (onCodes && axes.length > 0) mixAxes(context, axes, context.input(0), context.output(0));
  else {
    const from = floatInput(context, 0);
    floatOutput(context, 0, (to) => {
      if (axes.length > 0) mixAxes(context, axes, from, to);
      else moveView(context, from, to);
    });
  }
}

interface MixedAxis {
  readonly axis: number;
  readonly mixes: readonly Mix[];
}

interface Stage {
  readonly kind: Mixed;
  readonly at: View['at'];
  readonly dims: readonly number[];
  readonly strides: readonly number[];
}

function mixAxes(context: LowerContext, axes: readonly MixedAxis[], from: View, to: View): void {
  const [first, last] = [stageOf(from), stageOf(to)];
  let source = first;
  for (const [i, { axis, mixes }] of axes.entries()) {
    const dims = source.dims.with(axis, mixes.length);
    const target: Stage = i === axes.length - 1 ? last : doubles(context, dims);
    mixAxis(context, { axis, mixes }, source, target, [from, to]);
    source = target;
  }
}

function stageOf(view: View): Stage {
  return { ...view, kind: view.element === 'f32' ? 'floats' : 'codes' };
}

function doubles(context: LowerContext, dims: readonly number[]): Stage {
  return {
    kind: 'doubles',
    at: context.scratch(elementCount(dims) * 8),
    dims,
    strides: denseStrides(dims, 8),
  };
}

function mixAxis(
  context: LowerContext,
  { axis, mixes }: MixedAxis,
  source: Stage,
  target: Stage,
  [from, to]: readonly [View, View],
): void {
  if (elementCount(target.dims) === 0) return;
  const taps = Math.max(...mixes.map((m) => m.places.length));
  const records = {
    at: context.constants(recordsOf(mixes, taps, source.strides[axis]!), 16),
    strides: target.dims.map((_, a) => (a === axis ? mixBytes(taps) : 0)),
  };
  // Along the axis it is the records that say where to read.
  const still = { at: source.at, strides: source.strides.with(axis, 0) };
  const views = [still, target, records];
  const loops = loopsOf(target.dims, views, 1);
  const inner = loops.findLast((l) => l.steps[2] === 0) ?? { size: 1, steps: [0, 0, 0] };
  const [sourceStep, targetStep] = inner.steps as [number, number];
  const scales = from.codes && to.codes ? from.codes.scale / to.codes.scale : 1;
  for (const { params, units } of rowsOf(
    ['source', 'target', 'mix'],
    views,
    loops.filter((l) => l !== inner),
  ))
    context.call(
      mixKernel(source.kind, target.kind),
      {
        ...params,
        count: inner.size,
        sourceStep,
        targetStep,
        zeroIn: from.codes?.zero ?? 0,
        zeroOut: to.codes?.zero ?? 0,
        factor: multiplier(context.node, scales),
      },
      units,
    );
}

function recordsOf(mixes: readonly Mix[], taps: number, stride: number): Uint8Array {
  const bytes = mixBytes(taps);
  const view = new DataView(new ArrayBuffer(mixes.length * bytes));
  for (const [m, { places, weights }] of mixes.entries()) {
    view.setInt32(m * bytes, places.length, true);
    for (const [k, place] of places.entries()) {
      view.setFloat64(m * bytes + 8 + 16 * k, weights[k]!, true);
      view.setInt32(m * bytes + 16 + 16 * k, place * stride, true);
    }
  }
  return new Uint8Array(view.buffer);
}

export const resizeLowerings: readonly Lowering[] = [
  { op: 'Resize', lower },
  { op: 'Upsample', lower },
];
