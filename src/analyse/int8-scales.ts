/** The parameters of an INT8 file at a glance: types, zero points, least and greatest scale, channels. */
import type { DType, Node, QuantParams } from '../ir/index.ts';
import { quantizedRanges } from '../ir/index.ts';
import type { Int8Graph } from './int8-graph.ts';
import { isDequantize, isDynamicQuantize, isQuantize, qlinearForm } from './qlinear-forms.ts';

export interface ValueScales {
  readonly dtype: DType;
  readonly values: number;
  /** Zero point at the least code: no negative numbers. */
  readonly fromZero: number;
  /** Zero point in the middle. */
  readonly symmetric: number;
  readonly minScale: number;
  readonly maxScale: number;
}

export interface WeightScales {
  readonly dtype: DType;
  readonly tensors: number;
  readonly perChannel: number;
  readonly perTensor: number;
  /** One scale for each block of elements, or scales that are computed. */
  readonly other: number;
}

export interface ScaleSummary {
  /** `QDQ`, `QOperator`, `dynamic`, `weight-only`, several where the file mixes them. */
  readonly schemes: readonly string[];
  readonly values: readonly ValueScales[];
  readonly weights: readonly WeightScales[];
}

export function scaleSummary(graph: Int8Graph): ScaleSummary {
  return { schemes: schemesOf(graph), values: valueScales(graph), weights: weightScales(graph) };
}

function schemesOf(graph: Int8Graph): readonly string[] {
  const schemes = new Set<string>();
  const { nodes } = graph.graph;
  const activations = nodes.some((n) => isQuantize(n) && !graph.isConstant(n.outputs[0]!));
  const weightOnly = nodes.some((n) => isDequantize(n) && graph.isConstant(n.outputs[0]!));
  for (const node of nodes) {
    if (isDynamicQuantize(node) || node.op === 'DynamicQuantizeMatMul') schemes.add('dynamic');
    else if (node.op === 'MatMulNBits' || node.op === 'GatherBlockQuantized') schemes.add('weight-only');
    else if (qlinearForm(node)?.scale !== undefined) schemes.add('QOperator');
  }
  if (activations && !schemes.has('QOperator')) schemes.add('QDQ');
  if (weightOnly && !activations && schemes.size === 0) schemes.add('weight-only');
  return [...schemes];
}

/** Each set of codes once, by the operator that makes them. */
function valueScales(graph: Int8Graph): readonly ValueScales[] {
  const byType = new Map<DType, QuantParams[]>();
  for (const node of graph.graph.nodes) {
    const makes = isQuantize(node) || qlinearForm(node)?.scale !== undefined;
    const codes = node.outputs[0] ?? '';
    if (!makes || graph.isConstant(codes)) continue;
    const params = graph.paramsOf(codes);
    if (params === undefined) continue;
    const list = byType.get(params.dtype);
    if (list === undefined) byType.set(params.dtype, [params]);
    else list.push(params);
  }
  return [...byType].map(([dtype, list]) => {
    const { min, max } = quantizedRanges[list[0]!.dtype];
    const middle = min + (max - min + 1) / 2;
    const scales = list.flatMap((p) => [least(p.scales), greatest(p.scales)]);
    return {
      dtype,
      values: list.length,
      fromZero: list.filter((p) => p.zeroPoints.every((z) => z === min)).length,
      symmetric: list.filter((p) => p.zeroPoints.every((z) => z === middle)).length,
      minScale: least(scales),
      maxScale: greatest(scales),
    };
  });
}

const least = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b));
const greatest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b));

/** Of linear operators; each stored weight once. */
function weightScales(graph: Int8Graph): readonly WeightScales[] {
  const seen = new Set<string>();
  const byType = new Map<DType, { tensors: number; perChannel: number; perTensor: number; other: number }>();
  for (const node of graph.graph.nodes) {
    const weight = weightOf(node, graph);
    if (weight === undefined || seen.has(weight.codes)) continue;
    seen.add(weight.codes);
    const row = byType.get(weight.dtype) ?? { tensors: 0, perChannel: 0, perTensor: 0, other: 0 };
    row.tensors++;
    row[weight.scales === undefined ? 'other' : weight.scales > 1 ? 'perChannel' : 'perTensor']++;
    byType.set(weight.dtype, row);
  }
  return [...byType].map(([dtype, row]) => ({ dtype, ...row }));
}

interface Weight {
  readonly codes: string;
  readonly dtype: DType;
  readonly scales: number | undefined;
}

const linear: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

function weightOf(node: Node, graph: Int8Graph): Weight | undefined {
  const form = qlinearForm(node);
  const at = form?.weight ?? (linear.has(node.op) ? 1 : undefined);
  const name = at === undefined ? '' : (node.inputs[at] ?? '');
  if (name === '' || !graph.isConstant(name)) return undefined;
  if (form !== undefined) {
    const tensor = graph.stored(name);
    if (tensor === undefined) return undefined;
    // QLinear operators have the scale behind the weight; the others multiply by it later, or keep blocks.
    const scale = form.scale === undefined ? undefined : graph.stored(node.inputs[at! + 1] ?? '');
    return { codes: name, dtype: tensor.dtype, scales: scale?.size };
  }
  for (let value = name, i = 0; i < 16; i++) {
    const maker = graph.maker(value);
    if (maker === undefined) return undefined;
    if (isDequantize(maker)) {
      const dtype = graph.codesDType(maker);
      return dtype === undefined
        ? undefined
        : { codes: maker.inputs[0]!, dtype, scales: graph.statedBy(maker)?.scales.length };
    }
    value = maker.inputs[0] ?? '';
  }
  return undefined;
}
