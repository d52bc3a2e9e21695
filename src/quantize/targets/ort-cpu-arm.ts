/** onnxruntime's CPU provider on Arm: the dot product instructions there multiply signed by signed. */
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export const ortCpuArm = {
  ...ortCpu,
  id: 'ort-cpu-arm',
  title: 'onnxruntime on Arm CPUs: s8 activations, s8 weights per channel',
  activations: { dtype: 'int8', symmetric: false },
} as const satisfies TargetProfile;
