/**
 * Fast bias correction: rounding weights shifts the mean of an operator's output by (Wq - W) * E[x], which the bias
 * takes back. One pass over statistics that calibration kept anyway; no run of the network.
 *
 * Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.2,
 * with the mean of x measured; zero padding is counted by how many output positions each kernel tap sees data.
 */

import { staticDims } from '../../ir/graph.ts';
import type { Node, Shape, Tensor } from '../../ir/index.ts';
import { intAttr } from '../../ir/index.ts';
import { convGeometry } from '../../ops/conv-geometry.ts';

export interface BiasCorrectionInput {
  readonly node: Node;
  readonly weight: Tensor;
  /** Dequantized minus float weight, laid out as the weight. */
  readonly weightError: Float64Array;
  /** Mean of each input channel (Conv: axis 1; Gemm, MatMul: last axis). */
  readonly inputMeans: Float64Array;
  readonly inputShape: Shape | undefined;
}

/** What to add to the bias, one number an output channel; undefined for an operator it does not know. */
export function biasShift(input: BiasCorrectionInput): readonly number[] | undefined {
  switch (input.node.op) {
    case 'Conv':
      return convShift(input);
    case 'Gemm':
      return gemmShift(input, intAttr(input.node, 'transB', 0) === 1);
    default:
      return undefined;
  }
}

function gemmShift(
  { weight, weightError, inputMeans }: BiasCorrectionInput,
  transposed: boolean,
): readonly number[] | undefined {
  const [rows, columns] = weight.dims as [number, number];
  const [outputs, inputs] = transposed ? [rows, columns] : [columns, rows];
  if (inputMeans.length !== inputs) return undefined;
  const shift = new Float64Array(outputs);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      shift[o]! -= weightError[transposed ? o * inputs + i : i * outputs + o]! * meanOf(inputMeans, i);
  return toFloat32(shift);
}

function convShift({
  node,
  weight,
  weightError,
  inputMeans,
  inputShape,
}: BiasCorrectionInput): readonly number[] | undefined {
  const [outputs, perGroup] = weight.dims as readonly number[] as [number, number];
  const groups = intAttr(node, 'group', 1);
  if (inputMeans.length !== perGroup * groups) return undefined;
  const taps = weight.size / (outputs * perGroup);
  const seen = tapCoverage(node, weight, inputShape, taps);
  const shift = new Float64Array(outputs);
  let at = 0;
  for (let o = 0; o < outputs; o++) {
    const firstInput = Math.floor(o / (outputs / groups)) * perGroup;
    for (let i = 0; i < perGroup; i++) {
      const mean = meanOf(inputMeans, firstInput + i);
      for (let t = 0; t < taps; t++, at++) shift[o]! -= weightError[at]! * mean * seen[t]!;
    }
  }
  return toFloat32(shift);
}

/** A channel in which nothing finite was seen says nothing. */
function meanOf(means: Float64Array, channel: number): number {
  const mean = means[channel]!;
  return Number.isFinite(mean) ? mean : 0;
}

/** Share of output positions at which a kernel tap lies on data, not padding; 1 where sizes are not known. */
function tapCoverage(node: Node, weight: Tensor, inputShape: Shape | undefined, taps: number): Float64Array {
  const coverage = new Float64Array(taps).fill(1);
  const geometry = inputShape === undefined ? undefined : convGeometry(node, inputShape, weight.dims);
  const output = staticDims(geometry?.output);
  const input = staticDims(inputShape?.slice(2));
  const pads = geometry?.pads;
  if (geometry === undefined || pads === undefined || output === undefined || input === undefined)
    return coverage;
  const kernel = weight.dims.slice(2);
  let stride = taps;
  for (const [axis, size] of kernel.entries()) {
    stride /= size;
    for (let t = 0; t < taps; t++) {
      const offset = (Math.floor(t / stride) % size) * geometry.dilations[axis]! - pads.begin[axis]!;
      coverage[t]! *=
        positionsOnData(offset, geometry.strides[axis]!, output[axis]!, input[axis]!) / output[axis]!;
    }
  }
  return coverage;
}

/** How many of the output positions 0 .. count-1 have 0 <= position * stride + offset < size. */
function positionsOnData(offset: number, stride: number, count: number, size: number): number {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const last = Math.min(count - 1, Math.floor((size - 1 - offset) / stride));
  return Math.max(0, last - first + 1);
}

function toFloat32(values: Float64Array): readonly number[] {
  // Underflow must not leave -0, which JSON does not keep.
  return Array.from(values, (v) => Math.fround(v) + 0);
}
