/** Which lowering an operator has. */
import type { Node } from '../../ir/index.ts';
import { isOnnxDomain } from '../../ir/index.ts';
import { arithmeticLowerings } from './arithmetic.ts';
import { chooseLowerings } from './choose.ts';
import { crossingLowerings } from './crossing.ts';
import { elementwiseLowerings, elementwiseTables } from './elementwise.ts';
import { floatProductLowerings } from './float-products.ts';
import { floatWindowLowerings } from './float-windows.ts';
import { functionLowerings, functionTables } from './functions.ts';
import { linearLowerings } from './linear.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { moveLowerings } from './move.ts';
import { normalizationLowerings } from './normalization.ts';
import { poolLowerings } from './pool.ts';
import { reduceLowerings } from './reduce.ts';
import { resizeLowerings } from './resize.ts';
import { softmaxLowerings } from './softmax.ts';
import { tableLowerings } from './table.ts';

/** Several may be of one operator: the first that takes the node has it. */
export const lowerings: readonly Lowering[] = [
  ...crossingLowerings,
  ...moveLowerings,
  ...chooseLowerings,
  ...functionTables,
  ...functionLowerings,
  ...elementwiseTables,
  ...linearLowerings,
  ...poolLowerings,
  ...arithmeticLowerings,
  ...elementwiseLowerings,
  ...floatProductLowerings,
  ...floatWindowLowerings,
  ...softmaxLowerings,
  ...normalizationLowerings,
  ...reduceLowerings,
  ...resizeLowerings,
  ...tableLowerings,
];

const nameOf = ({ op, domain = '' }: Lowering): string => `${domain}:${op}`;

const byName: ReadonlyMap<string, Lowering> = new Map(
  [...new Set(lowerings.map(nameOf))].map((name) => [
    name,
    firstOf(lowerings.filter((l) => nameOf(l) === name)),
  ]),
);

function firstOf(group: readonly Lowering[]): Lowering {
  if (group.length === 1) return group[0]!;
  const [layout, halo] = [group.find((l) => l.layout)?.layout, group.find((l) => l.halo)?.halo];
  const narrow = group.find((l) => l.narrow)?.narrow;
  return {
    op: group[0]!.op,
    lower(context: LowerContext) {
      const taker = group.find((l) => l.takes?.(context) ?? true);
      if (taker === undefined) context.refuse('there is no kernel for such operands');
      taker.lower(context);
    },
    ...(layout && { layout }),
    ...(halo && { halo }),
    ...(narrow && { narrow }),
  };
}

/** Undefined where no kernel takes the operator. */
export function loweringOf({ op, domain }: Node): Lowering | undefined {
  return byName.get(`${isOnnxDomain(domain) ? '' : domain}:${op}`);
}
