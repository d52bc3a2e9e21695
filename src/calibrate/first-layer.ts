/**
 * What the first layer with weights makes of the samples. Training leaves the results of that layer about as large as 1:
 * batch normalization sees to it where it is folded in, initialization and weight decay elsewhere. Inputs on another
 * scale than in training show there by the same factor (measured in docs/data.md).
 */
import type { Graph, Node, Port, Tensor } from '../ir/index.ts';
import { constantOf, dtypeOf } from '../ir/index.ts';

export interface FirstLayer {
  readonly input: string;
  readonly node: Node;
  /** What it computes. */
  readonly value: string;
  /** Of `value`; negative counts from the end. */
  readonly channelAxis: number;
}

/** The first Conv, Gemm or MatMul with constant weights behind a float input; undefined where there is none. */
export function firstLayerOf(graph: Graph, port: Port): FirstLayer | undefined {
  if (dtypeOf(port.type) !== 'float32') return undefined;
  const reached = new Set([port.name]);
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue;
    const [data, weights] = node.inputs;
    const [value] = node.outputs;
    const isConv = node.op === 'Conv';
    if (isConv || node.op === 'Gemm' || node.op === 'MatMul') {
      const known = weights !== undefined && constantOf(graph, weights) !== undefined;
      if (!known || !reached.has(data!) || value === undefined) return undefined;
      return { input: port.name, node, value, channelAxis: isConv ? 1 : -1 };
    }
    for (const output of node.outputs) reached.add(output);
  }
  return undefined;
}

/** Sums for each channel of a layer, over places and samples. */
export class ChannelMoments {
  #count = 0;
  #sums = new Float64Array(0);
  #squares = new Float64Array(0);

  add(tensor: Tensor, channelAxis: number): void {
    const { dims } = tensor;
    const axis = channelAxis < 0 ? channelAxis + dims.length : channelAxis;
    const channels = dims[axis] ?? 0;
    if (channels === 0 || (this.#sums.length > 0 && this.#sums.length !== channels)) return;
    if (this.#sums.length === 0) {
      this.#sums = new Float64Array(channels);
      this.#squares = new Float64Array(channels);
    }
    const inner = dims.slice(axis + 1).reduce((n, d) => n * d, 1);
    const values = tensor.data('float32');
    for (let i = 0; i < values.length; i++) {
      const channel = Math.floor(i / inner) % channels;
      this.#sums[channel]! += values[i]!;
      this.#squares[channel]! += values[i]! * values[i]!;
    }
    this.#count += values.length / channels;
  }

  /**
   * Medians over the channels that vary at all: of the standard deviation, and of |mean| in deviations. Undefined
   * where no channel varies.
   */
  spread(): { readonly deviation: number; readonly offset: number } | undefined {
    const deviations: number[] = [];
    const offsets: number[] = [];
    for (let c = 0; c < this.#sums.length; c++) {
      const mean = this.#sums[c]! / this.#count;
      const variance = this.#squares[c]! / this.#count - mean * mean;
      // Below this the difference of the two sums is rounding.
      if (!(variance > 1e-12 * mean * mean)) continue;
      deviations.push(Math.sqrt(variance));
      offsets.push(Math.abs(mean) / Math.sqrt(variance));
    }
    return deviations.length === 0 ? undefined : { deviation: median(deviations), offset: median(offsets) };
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1]!;
}
