/**
 * onnxruntime-web on WebAssembly: the CPU provider, compiled to 128-bit SIMD without the relaxed dot product. Its INT8
 * convolution has no direct form: it copies patches first, which only pays where many channels are multiplied.
 */
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export const ortWeb = {
  ...ortCpu,
  id: 'ort-web',
  title: 'onnxruntime-web (WebAssembly): as ort-cpu, convolutions that are slower in INT8 stay float',
  keepFloat: [
    {
      op: 'Conv',
      measure: 'channels-per-group',
      atMost: 1,
      why: 'a depthwise convolution takes up to four times as long in INT8',
    },
    {
      op: 'Conv',
      measure: 'input-channels',
      atMost: 4,
      why: 'a convolution of a picture takes up to twice as long in INT8',
    },
    {
      op: 'Conv',
      measure: 'products-per-output',
      atMost: 32,
      besideFloat: true,
      why: 'so few products save less time in INT8 than crossing over from float takes',
    },
  ],
} as const satisfies TargetProfile;
