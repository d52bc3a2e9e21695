/** Fake quantization of one operator, given its contract: real numbers behind the codes, the float operator, codes again. */
import type { Node, Tensor } from '../ir/index.ts';
import type { CodesContext, OracleContract, Reference } from './contract.ts';
import { dequantizeTensor, quantizeTensor } from './crossings.ts';
import { cannotEvaluate } from './elements.ts';

/** What computes the operator on plain tensors. Throws UNSUPPORTED where nothing does. */
export function floatReference(node: Node, contract: OracleContract | undefined): Reference {
  const reference = contract?.reference ?? contract?.evaluate;
  if (reference === undefined) throw cannotEvaluate(node, `the reference has no ${node.domain} ${node.op}`);
  return reference;
}

export function isCrossing(node: Node): boolean {
  return node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear';
}

export function byWayOfFloat(contract: OracleContract | undefined, context: CodesContext): readonly Tensor[] {
  const { node, inputQuant, outputQuant } = context;
  const inputs = context.inputs.map((tensor, i) => {
    const quant = inputQuant[i];
    return tensor === undefined || quant === undefined ? tensor : dequantizeTensor(node, tensor, quant);
  });
  const outputs = isCrossing(node) ? [inputs[0]!] : floatReference(node, contract)({ ...context, inputs });
  return outputs.map((tensor, i) => {
    const quant = outputQuant[i];
    return quant === undefined ? tensor : quantizeTensor(node, tensor, quant);
  });
}
