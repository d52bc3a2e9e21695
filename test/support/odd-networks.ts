// Small networks of the kinds that the shared models are not: what their operators do between convolutions, at sizes that fit nothing.
import type { Model } from '../../src/ir/index.ts';
import { attr } from '../../src/ir/index.ts';
import { NetworkBuilder } from './network-builder.ts';

export interface OddNetwork {
  readonly name: string;
  readonly make: () => Model;
}

const input = 'input';

function squeezeAndExcite(): Model {
  const n = new NetworkBuilder();
  let x = n.add('HardSwish', [n.conv(input, 3, 16, { kernel: 3, stride: 2 })]);
  x = n.add('HardSwish', [n.conv(x, 16, 16, { kernel: 5, group: 16 })]);
  let gate = n.conv(n.add('GlobalAveragePool', [x]), 16, 8, { kernel: 1, activation: 'Relu' });
  gate = n.add('HardSigmoid', [n.conv(gate, 8, 16, { kernel: 1 })], { alpha: attr.float(1 / 6) });
  x = n.conv(n.add('Mul', [x, gate]), 16, 24, { kernel: 1 });
  const mean = n.add('ReduceMean', [x], { axes: attr.ints([2, 3]), keepdims: attr.int(0) });
  return n.finish('squeeze and excite', [1, 3, 17, 23], [mean]);
}

function channelShuffle(): Model {
  const n = new NetworkBuilder();
  let x = n.conv(input, 3, 16, { kernel: 3, activation: 'Relu' });
  const left = n.add('Split', [x, n.integers(8, 8)], { axis: attr.int(1) }, 2);
  let y = n.conv(`${left}_1`, 8, 8, { kernel: 1, activation: 'Relu' });
  y = n.conv(y, 8, 8, { kernel: 3, group: 8 });
  x = n.add('Concat', [left, y], { axis: attr.int(1) });
  x = n.add('Reshape', [x, n.integers(1, 2, 8, 12, 12)]);
  x = n.add('Transpose', [x], { perm: attr.ints([0, 2, 1, 3, 4]) });
  x = n.add('Reshape', [x, n.integers(1, 16, 12, 12)]);
  return n.finish(
    'channel shuffle',
    [1, 3, 12, 12],
    [n.conv(x, 16, 10, { kernel: 3, stride: 2, activation: 'Relu' })],
  );
}

/** `growth` of eight channels is joined without copies, six with. */
function denseBlock(first: number, growth: number, batch: number): Model {
  const n = new NetworkBuilder();
  let x = n.conv(input, 3, first, { kernel: 3, activation: 'Relu' });
  let channels = first;
  for (let i = 0; i < 3; i++) {
    const y = n.conv(x, channels, growth, { kernel: 3, activation: 'Relu' });
    x = n.add('Concat', [x, y], { axis: attr.int(1) });
    channels += growth;
  }
  const window = {
    kernel_shape: attr.ints([3, 3]),
    strides: attr.ints([2, 2]),
    pads: attr.ints([1, 1, 1, 1]),
  };
  const pooled = n.add(batch === 1 ? 'AveragePool' : 'MaxPool', [x], window);
  return n.finish('dense block', [batch, 3, 15, 9], [n.conv(pooled, channels, 5, { kernel: 1 })]);
}

function upAndDown(): Model {
  const n = new NetworkBuilder();
  const fine = n.conv(input, 3, 8, { kernel: 3, activation: 'Relu' });
  const half = { kernel_shape: attr.ints([2, 2]), strides: attr.ints([2, 2]) };
  const coarse = n.conv(n.add('MaxPool', [fine], half), 8, 16, { kernel: 3, activation: 'Relu' });
  const up = n.add('ConvTranspose', [coarse, n.weight([16, 8, 2, 2], 0.2)], half);
  const joined = n.add('Concat', [up, fine], { axis: attr.int(1) });
  const y = n.conv(joined, 16, 8, { kernel: 3, activation: 'Relu' });
  const wide = n.add('Resize', [coarse, '', '', n.integers(1, 16, 16, 16)], {
    mode: attr.string('linear'),
    coordinate_transformation_mode: attr.string('half_pixel'),
  });
  const all = n.add('Concat', [y, wide], { axis: attr.int(1) });
  return n.finish('up and down', [1, 3, 16, 16], [n.add('Sigmoid', [n.conv(all, 24, 1, { kernel: 1 })])]);
}

function groups(): Model {
  const n = new NetworkBuilder();
  const x = n.conv(input, 3, 32, { kernel: 7, stride: 2, activation: 'Relu' });
  const y = n.conv(x, 32, 32, { kernel: 3, group: 4, activation: 'Relu' });
  const z = n.conv(y, 32, 12, { kernel: 3, group: 4, activation: 'Relu' });
  const sum = n.add('Add', [x, n.conv(z, 12, 32, { kernel: 1 })]);
  return n.finish('groups', [1, 3, 21, 19], [n.add('Relu', [sum])]);
}

function dilations(): Model {
  const n = new NetworkBuilder();
  let x = n.conv(input, 4, 8, { kernel: 3, dilation: 2, activation: 'Relu' });
  x = n.conv(x, 8, 8, { kernel: 3, dilation: 3, group: 8, activation: 'Relu' });
  x = n.conv(x, 8, 7, { kernel: [1, 5], activation: 'Relu' });
  x = n.conv(x, 7, 9, { kernel: [5, 1], pads: [1, 0, 3, 0] });
  return n.finish('dilations', [1, 4, 13, 11], [n.add('LeakyRelu', [x], { alpha: attr.float(0.1) })]);
}

function alongOneAxis(): Model {
  const n = new NetworkBuilder();
  const strided = { kernel_shape: attr.ints([5]), strides: attr.ints([2]), pads: attr.ints([2, 2]) };
  let x = n.add('Relu', [n.add('Conv', [input, n.weight([8, 4, 5], 0.3)], strided)]);
  const deep = { kernel_shape: attr.ints([3]), pads: attr.ints([1, 1]), group: attr.int(8) };
  x = n.add('Relu', [n.add('Conv', [x, n.weight([8, 1, 3], 0.5)], deep)]);
  x = n.add('Flatten', [n.add('GlobalMaxPool', [x])]);
  const scores = n.add('MatMul', [x, n.weight([8, 3], 0.4)]);
  return n.finish('along one axis', [1, 4, 33], [n.add('Softmax', [scores])]);
}

function visionTransformer(): Model {
  const n = new NetworkBuilder();
  const linear = (y: string, from: number, to: number): string =>
    n.add('Add', [n.add('MatMul', [y, n.weight([from, to], 1 / Math.sqrt(from))]), n.weight([to], 0.1)]);
  const normal = (y: string): string =>
    n.add('LayerNormalization', [y, n.weight([16], 1), n.weight([16], 0.1)]);
  const heads = (y: string, order: readonly number[]): string =>
    n.add('Transpose', [n.add('Reshape', [y, n.integers(1, 16, 2, 8)])], { perm: attr.ints(order) });
  const tokens = n.add('Reshape', [
    n.conv(input, 3, 16, { kernel: 4, stride: 4, pads: [0, 0, 0, 0] }),
    n.integers(1, 16, 16),
  ]);
  let x = n.add('Transpose', [tokens], { perm: attr.ints([0, 2, 1]) });
  const h = normal(x);
  const [q, k, v] = [
    heads(linear(h, 16, 16), [0, 2, 1, 3]),
    heads(linear(h, 16, 16), [0, 2, 3, 1]),
    heads(linear(h, 16, 16), [0, 2, 1, 3]),
  ];
  const scores = n.add('Div', [n.add('MatMul', [q, k]), n.scalar(2.83)]);
  const mixed = n.add('MatMul', [n.add('Softmax', [scores], { axis: attr.int(-1) }), v]);
  const back = n.add('Transpose', [mixed], { perm: attr.ints([0, 2, 1, 3]) });
  x = n.add('Add', [x, linear(n.add('Reshape', [back, n.integers(1, 16, 16)]), 16, 16)]);
  const wide = linear(normal(x), 16, 32);
  const erf = n.add('Add', [n.add('Erf', [n.add('Div', [wide, n.scalar(Math.SQRT2)])]), n.scalar(1)]);
  const gelu = n.add('Mul', [n.add('Mul', [wide, erf]), n.scalar(0.5)]);
  x = n.add('Add', [x, linear(gelu, 32, 16)]);
  const mean = n.add('ReduceMean', [x], { axes: attr.ints([1]), keepdims: attr.int(0) });
  return n.finish('vision transformer', [1, 3, 16, 16], [linear(mean, 16, 5)]);
}

function branches(): Model {
  const n = new NetworkBuilder();
  const x = n.conv(input, 3, 8, { kernel: 3, activation: 'Relu' });
  const narrow = n.conv(x, 8, 4, { kernel: 1, activation: 'Relu' });
  const window = { kernel_shape: attr.ints([3, 3]), pads: attr.ints([1, 1, 1, 1]) };
  const padded = n.add('AveragePool', [x], { ...window, count_include_pad: attr.int(1) });
  const joined = n.add(
    'Concat',
    [
      n.conv(x, 8, 8, { kernel: 1, activation: 'Relu' }),
      n.conv(narrow, 4, 8, { kernel: 5, activation: 'Relu' }),
      n.conv(padded, 8, 8, { kernel: 1, activation: 'Relu' }),
      n.add('AveragePool', [x], window),
      x,
    ],
    { axis: attr.int(1) },
  );
  const larger = n.add('Resize', [joined, '', '', n.integers(1, 40, 5, 21)], {
    mode: attr.string('nearest'),
    coordinate_transformation_mode: attr.string('asymmetric'),
    nearest_mode: attr.string('floor'),
  });
  const most = n.add('ReduceMax', [n.conv(joined, 40, 3, { kernel: 1 })], { axes: attr.ints([1]) });
  return n.finish('branches', [1, 3, 10, 14], [larger, most]);
}

function edges(): Model {
  const n = new NetworkBuilder();
  const mirrored = n.add('Pad', [input, n.integers(0, 0, 1, 2, 0, 0, 3, 1)], {
    mode: attr.string('reflect'),
  });
  let x = n.add('PRelu', [n.conv(mirrored, 3, 8, { kernel: 3 }), n.weight([8, 1, 1], 0.2)]);
  x = n.add('Pad', [x, n.integers(0, 0, 2, 2, 0, 0, 2, 2), n.scalar(0.5)]);
  x = n.add('Clip', [n.conv(x, 8, 8, { kernel: 3, stride: 2, group: 8 }), n.scalar(-1), n.scalar(1)]);
  x = n.add('DepthToSpace', [x], { blocksize: attr.int(2) });
  const part = n.add('Slice', [x, n.integers(1, 0), n.integers(100, -1), n.integers(2, 3), n.integers(2, 3)]);
  return n.finish(
    'edges',
    [1, 3, 9, 8],
    [n.add('Tanh', [part]), n.add('ArgMax', [x], { axis: attr.int(1) })],
  );
}

function floatIslands(): Model {
  const n = new NetworkBuilder();
  const before = n.conv(input, 3, 8, { kernel: 3 });
  const x = n.add('Mul', [before, n.add('Sigmoid', [before])]);
  const centred = n.add('Sub', [x, n.add('ReduceMean', [x], { axes: attr.ints([1]) })]);
  const near = n.add('Exp', [n.add('Neg', [n.add('Abs', [centred])])]);
  const root = n.add('Sqrt', [n.add('Add', [n.add('Mul', [centred, centred]), n.scalar(1)])]);
  const power = n.add('Pow', [n.add('Div', [near, root]), n.scalar(1.5)]);
  const chosen = n.add('Where', [n.add('Greater', [x, n.scalar(0.1)]), power, x]);
  const normal = n.add('InstanceNormalization', [x, n.weight([8], 1), n.weight([8], 1)]);
  return n.finish(
    'float islands',
    [1, 3, 6, 7],
    [chosen, normal, n.add('ReduceL2', [x], { axes: attr.ints([2, 3]) })],
  );
}

export const oddNetworks: readonly OddNetwork[] = [
  { name: 'squeeze and excite, HardSwish, 5x5 depthwise', make: squeezeAndExcite },
  { name: 'channel shuffle', make: channelShuffle },
  { name: 'dense block, joined by copies', make: () => denseBlock(12, 6, 1) },
  { name: 'dense block, joined in place, two images', make: () => denseBlock(16, 8, 2) },
  { name: 'up and down again: transposed convolution, linear resize', make: upAndDown },
  { name: 'groups of eight and of three channels', make: groups },
  { name: 'dilations, kernels of one row and one column', make: dilations },
  { name: 'along one axis', make: alongOneAxis },
  { name: 'vision transformer', make: visionTransformer },
  { name: 'branches, average pools, nearest resize', make: branches },
  { name: 'edges: reflection, slices, depth to space', make: edges },
  { name: 'float islands', make: floatIslands },
];
