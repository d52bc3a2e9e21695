/** Operators on codes: their own integer arithmetic where a contract has one, else by way of float. */
import type { Node, Tensor } from '../ir/index.ts';
import type { CodesContext, OracleContract, Reference } from './contract.ts';

import { requantizeTensor } from './crossings.ts';
import { oracleOf } from './oracle.ts';
import { byWayOfFloat, floatReference, isCrossing } from './through-float.ts';

/** What computes the operator on plain tensors. Throws UnsupportedError where nothing does. */
export function referenceOf(node: Node): Reference {
  return floatReference(node, oracleOf(node));
}

/**
 * The outputs of a node in Octavo's own arithmetic, be its values plain or codes; of codes the true INT8 arithmetic, or `fake`
 * quantization. Throws UnsupportedError where nothing computes them.
 */
export function computeNode(context: CodesContext, arithmetic: 'int8' | 'fake' = 'int8'): readonly Tensor[] {
  const onCodes = [...context.inputQuant, ...context.outputQuant].some((quant) => quant !== undefined);
  if (!onCodes) return referenceOf(context.node)(context);
  return arithmetic === 'fake' ? throughFloat(context) : referenceOnCodes(context);
}

/** The true INT8 arithmetic of a node whose inputs or outputs are codes. */
export function referenceOnCodes(context: CodesContext): readonly Tensor[] {
  return computeOnCodes(oracleOf(context.node), context);
}

function computeOnCodes(contract: OracleContract | undefined, context: CodesContext): readonly Tensor[] {
  const { node, inputs, inputQuant, outputQuant } = context;
  const [from, to, data] = [inputQuant[0], outputQuant[0], inputs[0]];
  if (isCrossing(node) && from !== undefined && to !== undefined && data !== undefined)
    return [requantizeTensor(node, data, from, to)];
  return contract?.codes?.(context) ?? byWayOfFloat(contract, context);
}

/** Fake quantization: real numbers behind the codes, the float operator, and its results rounded to codes. */
export function throughFloat(context: CodesContext): readonly Tensor[] {
  return byWayOfFloat(oracleOf(context.node), context);
}
