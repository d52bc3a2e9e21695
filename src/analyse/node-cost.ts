/** What one node costs: parameters it reads, multiply-accumulates it makes. From dims alone. */
import { elementCount } from '../base/integer.ts';
import type { Model, Node } from '../ir/index.ts';
import { isOnnxDomain, shapeOf, staticDims } from '../ir/index.ts';
import type { TypeTable } from '../ops/infer-types.ts';
import { inferTypes } from '../ops/infer-types.ts';
import type { Int8Graph } from './int8-graph.ts';
import { qlinearForm } from './qlinear-forms.ts';

export interface NodeCost {
  /** Elements of its stored inputs, shapes and the like left out. */
  readonly parameters: number;
  /** Absent: no Conv, Gemm or MatMul, or its sizes are not known. */
  readonly macs?: number;
}

/** Types with a batch of one wherever an input's first size has a name: what a sample costs. */
export function typesOfOneSample(model: Model): TypeTable {
  const dims: Record<string, number> = {};
  for (const port of model.graph.inputs) {
    const batch = shapeOf(port.type)?.[0];
    if (typeof batch === 'string') dims[batch] = 1;
  }
  return inferTypes(model, { dims });
}

export function costOf(node: Node, model: Int8Graph, types: TypeTable): NodeCost {
  const macs = macsOf(node, model, types);
  return { parameters: parametersOf(node, model), ...(macs === undefined ? {} : { macs }) };
}

function parametersOf(node: Node, model: Int8Graph): number {
  let count = 0;
  for (const name of new Set(node.inputs)) {
    const tensor = name === '' || !model.isConstant(name) ? undefined : model.stored(name);
    if (tensor !== undefined && tensor.dtype !== 'int64' && tensor.dtype !== 'bool') count += tensor.size;
  }
  return count;
}

const linear: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** Conv, ConvTranspose, Gemm and MatMul, and what stands for one on codes. */
export function isLinear(node: Node): boolean {
  const form = qlinearForm(node);
  return form === undefined ? isOnnxDomain(node.domain) && linear.has(node.op) : linear.has(form.op);
}

/** For one sample; undefined: none, or not known. */
export function macsOf(node: Node, model: Int8Graph, types: TypeTable): number | undefined {
  if (!isLinear(node)) return undefined;
  const form = qlinearForm(node);
  const dims = (name: string | undefined): readonly number[] | undefined =>
    model.stored(name ?? '')?.dims ?? staticDims(shapeOf(types.get(name ?? '')));
  const data = dims(node.inputs[form?.data[0] ?? 0]);
  const weight = dims(node.inputs[form?.weight ?? 1]);
  const out = dims(node.outputs[0]);
  switch (form?.op ?? node.op) {
    case 'Conv':
      return out && weight && elementCount(out) * elementCount(weight.slice(1));
    case 'ConvTranspose':
      return data && weight && elementCount(data) * elementCount(weight.slice(1));
    case 'MatMul':
      return out && data && elementCount(out) * (data.at(-1) ?? 1);
    case 'Gemm':
      // Rows times columns times what is summed: all of the data, once for each column.
      return out && data && elementCount(data) * (out.at(-1) ?? 1);
    default:
      return undefined;
  }
}
