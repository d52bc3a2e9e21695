/** ONNX has no quantized values: codes exist only between operators that speak them. Checked before writing. */
import { OctavoError } from '../../base/errors.ts';
import type { Graph, Node } from '../../ir/index.ts';
import { subgraphsOf } from '../../ir/index.ts';

/** Operators whose inputs or outputs are codes with their parameters beside them: QDQ and QOperator form. */
function speaksCodes(node: Node): boolean {
  return /^(Quantize|Dequantize|DynamicQuantize)Linear$|^QLinear|Integer$|^QGemm$/.test(node.op);
}

/** Throws INVALID_GRAPH when a quantized value is made or read by an operator that is only defined on real numbers. */
export function checkSpelled(graph: Graph): void {
  const quantized = (name: string): boolean => graph.types.get(name)?.kind === 'quantized';
  for (const node of graph.nodes) {
    for (const inner of subgraphsOf(node)) checkSpelled(inner);
    if (speaksCodes(node)) continue;
    const name = [...node.inputs, ...node.outputs].find(quantized);
    if (name !== undefined)
      throw new OctavoError({
        code: 'INVALID_GRAPH',
        where: `graph '${graph.name}', value '${name}'`,
        what: `it is quantized at '${node.name}' (${node.op}), which ONNX defines on real numbers only`,
        remedy: 'Spell the graph as QDQ before writing it: DequantizeLinear, the operator, QuantizeLinear',
      });
  }
}
