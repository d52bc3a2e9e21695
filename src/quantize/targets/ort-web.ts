/**
 * onnxruntime-web on WebAssembly: the CPU provider, compiled to 128-bit SIMD without the relaxed dot product. Its INT8
 * convolution has no direct form: it copies patches first, which only pays where many channels are multiplied.
 */
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export const ortWeb = {
  ...ortCpu,
  id: 'ort-web',
  title: 'onnxruntime-web (WebAssembly): as ort-cpu, depthwise and image convolutions stay float',
  keepFloat: [
    { op: 'Conv', when: 'depthwise', why: 'a depthwise convolution takes several times as long in INT8' },
    {
      op: 'Conv',
      when: 'few-input-channels',
      why: 'a convolution of few input channels takes twice as long in INT8',
    },
  ],
} as const satisfies TargetProfile;
