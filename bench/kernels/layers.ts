// Layers to time: those of the networks that everybody measures by, with what a prototype reached on the author's machine.
import { mobileNetV2Stages } from '../compile/random-networks.ts';

export interface Layer {
  readonly name: string;
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly depthwise?: boolean;
}

const conv = (size: number, inputs: number, outputs: number, kernel = 1, stride = 1, what = ''): Layer => ({
  name: `${what}${kernel}x${kernel}${stride > 1 ? ` s${stride}` : ''} ${inputs} -> ${outputs} at ${size}`,
  size,
  inputs,
  outputs,
  kernel,
  stride,
});

const depthwise = (size: number, channels: number, stride = 1, kernel = 3): Layer => ({
  ...conv(size, channels, channels, kernel, stride),
  name: `depthwise ${kernel}x${kernel}${stride > 1 ? ` s${stride}` : ''} ${channels} at ${size}`,
  depthwise: true,
});

export const layers: readonly Layer[] = [
  conv(224, 3, 32, 3, 2, 'stem '),
  conv(112, 16, 96),
  conv(56, 24, 144),
  conv(56, 144, 24),
  conv(28, 192, 32),
  conv(14, 384, 64),
  conv(14, 96, 576),
  conv(14, 576, 96),
  conv(7, 960, 160),
  conv(7, 320, 1280),
  conv(1, 1280, 1000, 1, 1, 'dense '),
  depthwise(112, 32),
  depthwise(56, 144),
  depthwise(28, 192),
  depthwise(14, 576),
  depthwise(7, 960),
  depthwise(112, 96, 2),
  depthwise(56, 144, 2),
  depthwise(14, 576, 2),
  depthwise(28, 120, 1, 5),
  conv(224, 3, 64, 7, 2, 'stem '),
  conv(56, 64, 64, 3),
  conv(28, 128, 128, 3),
  conv(14, 256, 256, 3),
  conv(7, 512, 512, 3),
  conv(56, 64, 256),
  conv(56, 256, 64),
  conv(14, 1024, 256),
  conv(56, 256, 512, 1, 2),
];

export function macsOf({ size, inputs, outputs, kernel, stride, depthwise }: Layer): number {
  const side = Math.ceil(size / stride);
  return side * side * outputs * kernel * kernel * (depthwise ? 1 : inputs);
}

/** Every layer with weights, once for each time the network runs it. */
export function mobileNetV2(): readonly Layer[] {
  const list = [conv(224, 3, 32, 3, 2, 'stem ')];
  let [size, channels] = [112, 32];
  for (const [expansion, outputs, count, first] of mobileNetV2Stages)
    for (let i = 0; i < count; i++) {
      const stride = i === 0 ? first : 1;
      const inner = channels * expansion;
      if (expansion > 1) list.push(conv(size, channels, inner));
      list.push(depthwise(size, inner, stride));
      size /= stride;
      list.push(conv(size, inner, outputs));
      channels = outputs;
    }
  return [...list, conv(size, channels, 1280), conv(1, 1280, 1000, 1, 1, 'dense ')];
}

export function resNet50(): readonly Layer[] {
  const list = [conv(224, 3, 64, 7, 2, 'stem ')];
  let [size, channels] = [56, 64];
  for (const [width, count, first] of [
    [64, 3, 1],
    [128, 4, 2],
    [256, 6, 2],
    [512, 3, 2],
  ] as const)
    for (let i = 0; i < count; i++) {
      const stride = i === 0 ? first : 1;
      list.push(conv(size, channels, width), conv(size, width, width, 3, stride));
      if (i === 0) list.push(conv(size, channels, 4 * width, 1, stride));
      size /= stride;
      channels = 4 * width;
      list.push(conv(size, width, channels));
    }
  return [...list, conv(1, 2048, 1000, 1, 1, 'dense ')];
}
