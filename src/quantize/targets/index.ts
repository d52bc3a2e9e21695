/** Every target profile; a new one is a file and a line here. */
import { invalidArgument } from '../../base/errors.ts';
import { ortCpu } from './ort-cpu.ts';
import type { TargetProfile } from './profile.ts';

export type { TargetProfile } from './profile.ts';

export const targets: readonly TargetProfile[] = [ortCpu];
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
