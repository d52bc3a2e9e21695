/** Every target profile; a new one is a file and a line here. The first one is the default. */
import { invalidArgument } from '../../base/errors.ts';
import { octavo } from './octavo.ts';
import { openvino } from './openvino.ts';
import { ortCpu } from './ort-cpu.ts';
import { ortCpuArm } from './ort-cpu-arm.ts';
import { ortCpuAvx2 } from './ort-cpu-avx2.ts';
import { ortWeb } from './ort-web.ts';
import type { TargetProfile } from './profile.ts';
import { qnn } from './qnn.ts';
import { tensorrt } from './tensorrt.ts';
import { webnn } from './webnn.ts';

export type { TargetProfile } from './profile.ts';

export const targets: readonly TargetProfile[] = [
  ortCpu,
  ortCpuAvx2,
  ortCpuArm,
  ortWeb,
  octavo,
  openvino,
  tensorrt,
  webnn,
  qnn,
];
export const defaultTarget: TargetProfile = ortCpu;

/** Throws INVALID_ARGUMENT with the names there are. */
export function targetByName(id: string): TargetProfile {
  const found = targets.find((t) => t.id === id);
  if (found !== undefined) return found;
  throw invalidArgument(
    `target '${id}'`,
    'there is no such target',
    `Choose one of: ${targets.map((t) => t.id).join(', ')}`,
  );
}
