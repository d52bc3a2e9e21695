/** What is INT8 already is not quantized again: the float model it came from is asked for. */
import { OctavoError } from '../base/errors.ts';
import type { Model } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';

const quantizedOperators =
  /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|QLinear.*|QGemm|QAttention|ConvInteger|MatMulInteger.*)$/;

/** Throws ALREADY_QUANTIZED, naming the first operator on codes. */
export function refuseQuantized(model: Model): void {
  const found = model.graph.nodes.find(
    (n) => (isOnnxDomain(n.domain) || n.domain === 'com.microsoft') && quantizedOperators.test(n.op),
  );
  if (found === undefined) return;
  const ours = model.metadata.get('octavo.version');
  throw new OctavoError({
    code: 'ALREADY_QUANTIZED',
    where: `node '${found.name}' (${found.op})`,
    what:
      ours === undefined
        ? 'the model is quantized already'
        : `the model was quantized already, by Octavo ${ours}`,
    remedy: 'Give the float model it was made from',
  });
}
