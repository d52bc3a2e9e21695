/**
 * onnxruntime's CPU provider on x64 without VNNI: its kernels add pairs of u8 x s8 products in 16 bits, and 255 * 127 * 2
 * saturates there. Weights of seven bits (at most 63) do not.
 */
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export const ortCpuAvx2 = {
  ...ortCpu,
  id: 'ort-cpu-avx2',
  title: 'onnxruntime on x64 CPUs without VNNI: u8 activations, 7-bit weights per channel',
  weights: { ...ortCpu.weights, reduceRange: true },
} as const satisfies TargetProfile;
