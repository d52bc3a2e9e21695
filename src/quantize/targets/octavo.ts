/**
 * Octavo's own compiler to WebAssembly: the codes of `ort-cpu`, whose file it reads. It runs what the graph says and
 * quantizes nothing by itself, so that float operators need no barrier.
 */
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export const octavo = {
  ...ortCpu,
  id: 'octavo',
  title: "Octavo's own compiler to WebAssembly: u8 activations, s8 weights per channel",
  selfQuantizes: [],
} as const satisfies TargetProfile;
