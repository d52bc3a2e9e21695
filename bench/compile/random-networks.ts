/**
 * MobileNetV2 and ResNet-50 as their papers have them, with random weights that keep the size of what flows through: speed does
 * not depend on what a network has learned.
 */
import type { Model } from '../../src/ir/index.ts';
import { attr } from '../../src/ir/index.ts';
import { NetworkBuilder } from '../../test/support/network-builder.ts';

/** Sandler et al. 2018, table 2: expansion, channels, repeats, stride of the first. */
export const mobileNetV2Stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export function randomMobileNetV2(): Model {
  const network = new NetworkBuilder();
  let channels = 32;
  let x = network.conv('input', 3, channels, { kernel: 3, stride: 2, activation: 'Relu6' });
  for (const [expansion, to, repeats, firstStride] of mobileNetV2Stages)
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
  return classifier(network, 'MobileNetV2 (random weights)', x, 1280);
}

/** He et al. 2015, table 1, with the stride in the 3x3 convolution as every framework has it. */
export function randomResNet50(): Model {
  const network = new NetworkBuilder();
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
  return classifier(network, 'ResNet-50 (random weights)', x, channels);
}

/** Pools to one pixel and tells a thousand classes apart. */
function classifier(network: NetworkBuilder, name: string, x: string, channels: number): Model {
  const flat = network.add('Flatten', [network.add('GlobalAveragePool', [x])]);
  const weight = network.weight([1000, channels], 1 / Math.sqrt(channels));
  const output = network.add('Gemm', [flat, weight, network.weight([1000], 0.1)], { transB: attr.int(1) });
  return network.finish(name, [1, 3, 224, 224], [output]);
}
