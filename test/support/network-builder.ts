// Float networks of random weights, put together node by node, for tests and benchmarks of what does not depend on training.
import { lcg } from '../../src/base/random.ts';
import type { Attribute, Model, Node } from '../../src/ir/index.ts';
import { attr, Tensor, tensorType } from '../../src/ir/index.ts';

type Activation = 'Relu' | 'Relu6' | undefined;

export interface ConvOptions {
  readonly kernel: number | readonly [rows: number, columns: number];
  readonly stride?: number;
  readonly group?: number;
  readonly dilation?: number;
  /** Default: as many as keep the size at stride 1. */
  readonly pads?: readonly number[];
  readonly activation?: Activation;
}

export class NetworkBuilder {
  readonly #random = lcg(7);
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Tensor>();

  /** As many values as asked, evenly spread, of that standard deviation. */
  values(count: number, deviation: number): Float32Array {
    const bound = deviation * Math.sqrt(3);
    return Float32Array.from({ length: count }, () => bound * (2 * this.#random() - 1));
  }

  /** The node's output, the first of as many as asked. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs = 1,
  ): string {
    const name = `${op.toLowerCase()}_${this.#nodes.length}`;
    const made = Array.from({ length: outputs }, (_, i) => (i === 0 ? `${name}_out` : `${name}_out_${i}`));
    this.#nodes.push({
      name,
      op,
      domain: '',
      inputs,
      outputs: made,
      attributes: new Map(Object.entries(attributes)),
    });
    return made[0]!;
  }

  constant(tensor: Tensor): string {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, tensor);
    return name;
  }

  /** Random of that shape and standard deviation. */
  weight(dims: readonly number[], deviation: number): string {
    const count = dims.reduce((n, d) => n * d, 1);
    return this.constant(Tensor.of('float32', dims, this.values(count, deviation)));
  }

  integers(...values: number[]): string {
    return this.constant(Tensor.from('int64', [values.length], values));
  }

  scalar(value: number): string {
    return this.constant(Tensor.from('float32', [], [value]));
  }

  conv(x: string, from: number, to: number, options: ConvOptions): string {
    const { kernel, stride = 1, group = 1, dilation = 1, activation } = options;
    const [rows, columns] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const each = (from / group) * rows * columns;
    // A rectifier halves the energy: twice as much keeps it.
    const deviation = Math.sqrt((activation === undefined ? 1 : 2) / each);
    const around = [rows, columns].map((size) => (dilation * (size - 1)) >> 1);
    const weight = this.weight([to, from / group, rows, columns], deviation);
    const made = this.add('Conv', [x, weight, this.weight([to], 0.1)], {
      kernel_shape: attr.ints([rows, columns]),
      strides: attr.ints([stride, stride]),
      dilations: attr.ints([dilation, dilation]),
      pads: attr.ints(options.pads ?? [...around, ...around]),
      group: attr.int(group),
    });
    if (activation === undefined) return made;
    if (activation === 'Relu') return this.add('Relu', [made]);
    return this.add('Clip', [made, this.scalar(0), this.scalar(6)]);
  }

  finish(name: string, input: readonly number[], outputs: readonly string[]): Model {
    return {
      graph: {
        name,
        inputs: [{ name: 'input', type: tensorType('float32', input) }],
        outputs: outputs.map((output) => ({ name: output, type: tensorType('float32', undefined) })),
        nodes: this.#nodes,
        initializers: this.#constants,
        types: new Map(),
        sparse: new Map(),
        extras: [],
      },
      irVersion: 8,
      opsets: new Map([['', 17]]),
      producerName: 'octavo tests',
      producerVersion: '',
      metadata: new Map(),
      functions: [],
      extras: [],
    };
  }
}
