/** What the oracle computes of this family (../oracle.ts). */
import type { References } from '../contract.ts';
import { inputAt } from '../elements.ts';
import { targetOf } from './index.ts';
import { referenceCast } from './reference.ts';

export const castOracle: References = {
  Cast: (context) => [referenceCast(context.node, inputAt(context, 0), targetOf(context.node))],
  CastLike: (context) => [referenceCast(context.node, inputAt(context, 0), inputAt(context, 1).dtype)],
};
