/** Functions of one element: of codes by a table. */
import { unaryContracts } from '../../ops/unary/index.ts';
import type { LowerContext, Lowering } from './lowering.ts';
import { moveLowerings } from './move.ts';
import { lowerAsTable, tableInput } from './table.ts';

function lowerFunction(context: LowerContext): void {
  const input = tableInput(context);
  if (input === undefined) context.refuse(`there is no kernel for ${context.node.op} of floats`);
  lowerAsTable(context, input);
}

const moves = new Set(moveLowerings.map(({ op }) => op));

export const functionLowerings: readonly Lowering[] = unaryContracts
  .filter(({ op }) => !moves.has(op))
  .map(({ op }) => ({ op, lower: lowerFunction }));
