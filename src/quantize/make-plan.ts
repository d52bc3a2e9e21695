/** Chooses every number of a plan from a layout and the statistics calibration measured. */
import type { Note } from '../base/errors.ts';
import { CalibrationError } from '../base/errors.ts';
import type { Statistics } from '../calibrate/collect.ts';
import type { CalibrationMethod } from '../calibrate/methods/index.ts';
import type { Range } from '../calibrate/ranges.ts';
import { channelScales, checkSums, guardBias, quantizeWeight, rangeToParams } from '../calibrate/ranges.ts';
import { TensorStatistic } from '../calibrate/statistic.ts';
import type { Graph, Model, Node, QuantParams } from '../ir/index.ts';
import { constantOf, perChannel, perTensor, shapeOf, type Tensor } from '../ir/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import type { Layout, ParamGroup, WeightedNode } from './decision.ts';
import type { QuantPlan, ValueParams, WeightParams } from './plan.ts';
import { reachOf } from './reach.ts';
import type { Readers } from './readers.ts';
import { readersOf } from './readers.ts';
import { biasShift } from './refine/bias-correction.ts';
import type { TargetProfile } from './targets/index.ts';

export interface MakePlanInput {
  /** The fused float model. */
  readonly float: Model;
  readonly target: TargetProfile;
  readonly layout: Layout;
  readonly types: TypeTable;
  readonly statistics: Statistics;
  readonly method: CalibrationMethod;
  /** The method of one group, by its first value, in the place of `method`. */
  readonly methodOf?: ReadonlyMap<string, CalibrationMethod> | undefined;
  /** Concluded elsewhere, by the first value of a group: no method is asked for these. */
  readonly ranges?: ReadonlyMap<string, Range> | undefined;
  readonly biasCorrection: boolean;
}

export function makePlan(input: MakePlanInput): {
  readonly plan: QuantPlan;
  readonly notes: readonly Note[];
} {
  const { layout, target, statistics, float } = input;
  const values = new Map<string, ValueParams>();
  const readers = readersOf(float.graph);
  for (const group of layout.groups) {
    const method = input.methodOf?.get(group.values[0]!) ?? input.method;
    const params = toValueParams(groupParams(group, method, readers, input));
    for (const value of group.values) values.set(value, params);
  }
  const constants = new Map(layout.operands.map(({ value }) => [value, constantParams(value, input)]));

  const nodes = new Map(float.graph.nodes.map((n) => [n.name, n]));
  const weights = new Map<string, WeightParams>();
  const biasShifts = new Map<string, readonly number[]>();
  for (const weighted of layout.weighted) {
    const node = nodes.get(weighted.node)!;
    const { params, shift } = weightParams(weighted, node, values.get(weighted.data)!, input);
    weights.set(weighted.node, params);
    if (shift !== undefined) biasShifts.set(weighted.node, shift);
  }
  return {
    plan: {
      version: 1,
      target: target.id,
      method: input.method.id,
      nodes: layout.nodes,
      // Not by assignment: a value may be called `__proto__`.
      values: Object.fromEntries(values),
      weights: Object.fromEntries(weights),
      constants: Object.fromEntries(constants),
      biasShifts: Object.fromEntries(biasShifts),
    },
    notes: notesOf(statistics, float.graph),
  };
}

type RangeInput = Pick<MakePlanInput, 'target' | 'statistics' | 'float' | 'ranges'>;

/** What each of the methods asked for would give each group whose range is not known, in their order. */
export function candidateParams(
  input: RangeInput & Pick<MakePlanInput, 'layout'>,
  methodsFor: (group: ParamGroup) => readonly CalibrationMethod[],
): ReadonlyMap<ParamGroup, readonly ValueParams[]> {
  const readers = readersOf(input.float.graph);
  return new Map(
    input.layout.groups
      .filter((group) => group.fixed === undefined)
      .map((group) => [
        group,
        methodsFor(group).map((method) => toValueParams(groupParams(group, method, readers, input))),
      ]),
  );
}

function groupParams(
  group: ParamGroup,
  method: CalibrationMethod,
  readers: Readers,
  input: RangeInput,
): QuantParams {
  const { dtype, symmetric } = input.target.activations;
  const ceiling = group.ceiling === undefined ? {} : { ceiling: group.ceiling };
  return rangeToParams(
    groupRange(group, method, readers, input),
    { dtype, symmetric, ...ceiling },
    `value '${group.values[0]}'`,
  );
}

/** The range that the values of a group get in common, in the form of the target's codes. */
export function groupRange(
  group: ParamGroup,
  method: CalibrationMethod,
  readers: Readers,
  { target, statistics, ranges, float }: RangeInput,
): Range {
  if (group.fixed !== undefined) return { lo: group.fixed[0], hi: group.fixed[1] };
  const { lo, hi } =
    ranges?.get(group.values[0]!) ??
    method.range(
      withinReach(statisticOf(group, statistics), group, float.graph, readers),
      target.activations.symmetric ? { kind: 'symmetric', levels: 255 } : { kind: 'asymmetric', levels: 256 },
      `value '${group.values[0]}'`,
    );
  // A clamp's result lies above its floor whatever was seen: the zero point must be the least code.
  const least = Math.max(lo, group.floor ?? lo);
  return { lo: least, hi: Math.max(least, hi) };
}

/** What no reader tells apart counts as the nearest that one does. Values that share parameters reach as far as any of them. */
function withinReach(
  statistic: TensorStatistic,
  group: ParamGroup,
  graph: Graph,
  readers: Readers,
): TensorStatistic {
  const reaches = group.values.map((value) => reachOf(value, graph, readers));
  const lo = Math.min(0, ...reaches.map((r) => r.lo));
  const hi = Math.max(0, ...reaches.map((r) => r.hi));
  return lo <= statistic.min && statistic.max <= hi ? statistic : statistic.clamped(lo, hi);
}

/** Values that share parameters are ranged by all of what they hold together. */
function statisticOf(group: ParamGroup, statistics: Statistics): TensorStatistic {
  const parts = group.roots.map((value) => {
    const statistic = statistics.get(value);
    if (statistic === undefined)
      throw new CalibrationError({
        where: `value '${value}'`,
        what: 'a range is needed, and calibration has not seen it',
        remedy: 'Calibrate this model again with these options',
      });
    return statistic;
  });
  return parts.length === 1 ? parts[0]! : TensorStatistic.union(parts);
}

/** A constant holds no surprises: its range is its own minimum and maximum. */
function constantParams(value: string, { float, target }: MakePlanInput): ValueParams {
  const where = `constant '${value}'`;
  const numbers = constantOf(float.graph, value)!.toFloat32();
  let [lo, hi] = [0, 0];
  for (const x of numbers) {
    if (!Number.isFinite(x))
      throw new CalibrationError({
        where,
        what: `it holds ${x}`,
        remedy: 'Exclude the operator that uses it',
      });
    lo = Math.min(lo, x);
    hi = Math.max(hi, x);
  }
  const { dtype, symmetric } = target.activations;
  return toValueParams(rangeToParams({ lo, hi }, { dtype, symmetric }, where));
}

function weightParams(
  weighted: WeightedNode,
  node: Node,
  data: ValueParams,
  input: MakePlanInput,
): { params: WeightParams; shift: readonly number[] | undefined } {
  const { graph } = input.float;
  const { reduceRange, channelAxes } = input.target.weights;
  const weight = constantOf(graph, weighted.weight)!;
  const axis = channelAxes[node.op]?.find((a) => a === weighted.axis);
  const where = `weight '${weighted.weight}'`;
  let scales = channelScales(weight, axis, { reduceRange, where });
  const bias = weighted.bias === undefined ? undefined : constantOf(graph, weighted.bias)!.toFloat32();
  if (bias !== undefined && input.target.bias === 'int32') scales = guardBias(scales, bias, data.scale);
  checkSums(scales, data.scale, where);
  const quant =
    axis === undefined ? perTensor('int8', scales[0]!, 0, where) : perChannel('int8', scales, axis, where);
  const shift = input.biasCorrection ? shiftOf(weighted, node, weight, quant, input) : undefined;
  const params: WeightParams = { dtype: 'int8', ...(axis === undefined ? {} : { axis }), scales };
  return { params, shift };
}

function shiftOf(
  weighted: WeightedNode,
  node: Node,
  weight: Tensor,
  quant: QuantParams,
  { statistics, types }: MakePlanInput,
): readonly number[] | undefined {
  const statistic = statistics.get(weighted.data);
  if (statistic?.channels === undefined) return undefined;
  return biasShift({
    node,
    weight,
    weightError: weightError(weight, quant),
    inputMeans: statistic.channelMeans(),
    inputShape: shapeOf(types.get(weighted.data)),
  });
}

/** Dequantized minus float, laid out as the weight. */
function weightError(weight: Tensor, quant: QuantParams): Float64Array {
  const float = weight.toFloat32();
  const codes = quantizeWeight(weight, quant).data('int8');
  const inner =
    quant.axis === undefined ? float.length : weight.dims.slice(quant.axis + 1).reduce((n, d) => n * d, 1);
  const channels = quant.scales.length;
  const error = new Float64Array(float.length);
  for (let i = 0; i < float.length; i++)
    error[i] = codes[i]! * quant.scales[Math.floor(i / inner) % channels]! - float[i]!;
  return error;
}

function toValueParams(quant: QuantParams): ValueParams {
  if (quant.dtype !== 'uint8' && quant.dtype !== 'int8') throw new TypeError('values are uint8 or int8');
  return { dtype: quant.dtype, scale: quant.scales[0]!, zeroPoint: quant.zeroPoints[0]! };
}

/** One note: what is not finite in one tensor is so in those behind it. */
function notesOf(statistics: Statistics, graph: Graph): readonly Note[] {
  const oddOf = (s: TensorStatistic): number => s.nan + s.positiveInfinity + s.negativeInfinity;
  const [first, ...others] = [...statistics].filter(([, s]) => oddOf(s) > 0);
  if (first === undefined) return [];
  const [value, s] = first;
  const more =
    others.length === 0
      ? ''
      : `; ${others.length} more ${others.length === 1 ? 'tensor has' : 'tensors have'} such`;
  return [
    {
      code: 'non-finite-values',
      where: `value '${value}' of graph '${graph.name}'`,
      what: `${oddOf(s)} of ${s.count} values were left out: ${s.nan} NaN, ${s.positiveInfinity} +Infinity, ${s.negativeInfinity} -Infinity${more}`,
    },
  ];
}
