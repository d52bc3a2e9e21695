/**
 * MobileNetV2 and ResNet-50 as their papers have them, with random weights that keep the size of what flows through: speed does
 * not depend on what a network has learned.
 */
import { lcg } from '../../src/base/random.ts';
import type { Attribute, Model, Node } from '../../src/ir/index.ts';
import { attr, Tensor, tensorType } from '../../src/ir/index.ts';

type Activation = 'Relu' | 'Relu6' | undefined;

interface ConvOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly group?: number;
  readonly activation?: Activation;
}

class Network {
  readonly #random = lcg(7);
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Tensor>();

  /** As many values as asked, evenly spread, of that standard deviation. */
  #values(count: number, deviation: number): Float32Array {
    const bound = deviation * Math.sqrt(3);
    return Float32Array.from({ length: count }, () => bound * (2 * this.#random() - 1));
  }

  add(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = `${op.toLowerCase()}_${this.#nodes.length}`;
    this.#nodes.push({
      name,
      op,
      domain: '',
      inputs,
      outputs: [`${name}_out`],
      attributes: new Map(Object.entries(attributes)),
    });
    return `${name}_out`;
  }

  constant(tensor: Tensor): string {
    const name = `constant_${this.#constants.size}`;
    this.#constants.set(name, tensor);
    return name;
  }

  conv(
    x: string,
    from: number,
    to: number,
    { kernel, stride = 1, group = 1, activation }: ConvOptions,
  ): string {
    const each = (from / group) * kernel * kernel;
    // A rectifier halves the energy: twice as much keeps it.
    const deviation = Math.sqrt((activation === undefined ? 1 : 2) / each);
    const dims = [to, from / group, kernel, kernel];
    const weight = this.constant(Tensor.of('float32', dims, this.#values(to * each, deviation)));
    const bias = this.constant(Tensor.of('float32', [to], this.#values(to, 0.1)));
    const pad = kernel >> 1;
    const made = this.add('Conv', [x, weight, bias], {
      kernel_shape: attr.ints([kernel, kernel]),
      strides: attr.ints([stride, stride]),
      pads: attr.ints([pad, pad, pad, pad]),
      group: attr.int(group),
    });
    if (activation === undefined) return made;
    if (activation === 'Relu') return this.add('Relu', [made]);
    const bounds = [0, 6].map((v) => this.constant(Tensor.from('float32', [], [v])));
    return this.add('Clip', [made, ...bounds]);
  }

  /** Pools to one pixel and classifies. */
  finish(name: string, x: string, channels: number, classes = 1000): Model {
    const flat = this.add('Flatten', [this.add('GlobalAveragePool', [x])]);
    const weight = this.constant(
      Tensor.of('float32', [classes, channels], this.#values(classes * channels, 1 / Math.sqrt(channels))),
    );
    const bias = this.constant(Tensor.of('float32', [classes], this.#values(classes, 0.1)));
    const output = this.add('Gemm', [flat, weight, bias], { transB: attr.int(1) });
    return {
      graph: {
        name,
        inputs: [{ name: 'input', type: tensorType('float32', [1, 3, 224, 224]) }],
        outputs: [{ name: output, type: tensorType('float32', [1, classes]) }],
        nodes: this.#nodes,
        initializers: this.#constants,
        types: new Map(),
        sparse: new Map(),
        extras: [],
      },
      irVersion: 8,
      opsets: new Map([['', 17]]),
      producerName: 'octavo bench',
      producerVersion: '',
      metadata: new Map(),
      functions: [],
      extras: [],
    };
  }
}

/** Sandler et al. 2018, table 2. */
export function randomMobileNetV2(): Model {
  const network = new Network();
  let channels = 32;
  let x = network.conv('input', 3, channels, { kernel: 3, stride: 2, activation: 'Relu6' });
  const rows = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const;
  for (const [expansion, to, repeats, firstStride] of rows)
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 ? firstStride : 1;
      const wide = channels * expansion;
      let y = x;
      if (expansion > 1) y = network.conv(y, channels, wide, { kernel: 1, activation: 'Relu6' });
      y = network.conv(y, wide, wide, { kernel: 3, stride, group: wide, activation: 'Relu6' });
      y = network.conv(y, wide, to, { kernel: 1 });
      x = stride === 1 && channels === to ? network.add('Add', [x, y]) : y;
      channels = to;
    }
  x = network.conv(x, channels, 1280, { kernel: 1, activation: 'Relu6' });
  return network.finish('MobileNetV2 (random weights)', x, 1280);
}

/** He et al. 2015, table 1, with the stride in the 3x3 convolution as every framework has it. */
export function randomResNet50(): Model {
  const network = new Network();
  const stem = network.conv('input', 3, 64, { kernel: 7, stride: 2, activation: 'Relu' });
  let x = network.add('MaxPool', [stem], {
    kernel_shape: attr.ints([3, 3]),
    strides: attr.ints([2, 2]),
    pads: attr.ints([1, 1, 1, 1]),
  });
  let channels = 64;
  for (const [stage, repeats] of [3, 4, 6, 3].entries())
    for (let i = 0; i < repeats; i++) {
      const narrow = 64 * 2 ** stage;
      const stride = i === 0 && stage > 0 ? 2 : 1;
      let y = network.conv(x, channels, narrow, { kernel: 1, activation: 'Relu' });
      y = network.conv(y, narrow, narrow, { kernel: 3, stride, activation: 'Relu' });
      y = network.conv(y, narrow, 4 * narrow, { kernel: 1 });
      const shortcut = i === 0 ? network.conv(x, channels, 4 * narrow, { kernel: 1, stride }) : x;
      x = network.add('Relu', [network.add('Add', [shortcut, y])]);
      channels = 4 * narrow;
    }
  return network.finish('ResNet-50 (random weights)', x, channels);
}
