/** Which lowering an operator has. */
import type { Node } from '../../ir/index.ts';
import { isOnnxDomain } from '../../ir/index.ts';
import { crossingLowerings } from './crossing.ts';
import { functionLowerings } from './functions.ts';
import { linearLowerings } from './linear.ts';
import type { Lowering } from './lowering.ts';
import { moveLowerings } from './move.ts';

export const lowerings: readonly Lowering[] = [
  ...crossingLowerings,
  ...moveLowerings,
  ...functionLowerings,
  ...linearLowerings,
];

const byName: ReadonlyMap<string, Lowering> = new Map(
  lowerings.map((lowering) => [`${lowering.domain ?? ''}:${lowering.op}`, lowering]),
);

/** Undefined where no kernel takes the operator. */
export function loweringOf({ op, domain }: Node): Lowering | undefined {
  return byName.get(`${isOnnxDomain(domain) ? '' : domain}:${op}`);
}
