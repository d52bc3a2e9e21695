/** What an engine made of the linear operators of an INT8 file: read from the graph it optimised, not guessed. */
import type { Graph, Model, Node } from '../ir/index.ts';
import type { OperatorCount } from './model-summary.ts';
import { operatorCounts, opName } from './model-summary.ts';
import { isLinear } from './node-cost.ts';
import { qlinearForm } from './qlinear-forms.ts';

export interface EngineForm {
  readonly name: string;
  readonly op: string;
  /** `gone`: it is not in the optimised graph under its name. */
  readonly state: 'fused' | 'float' | 'gone';
  /** The operator that runs in its place. */
  readonly as?: string;
}

export interface EngineView {
  /** Of the optimised graph. */
  readonly operators: readonly OperatorCount[];
  /** Conv, ConvTranspose, Gemm and MatMul of the file. */
  readonly forms: readonly EngineForm[];
}

export function engineView(model: Model, optimized: Graph): EngineView {
  const byName = new Map<string, Node[]>();
  for (const node of optimized.nodes) {
    const name = originalName(node.name);
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [node]);
    else list.push(node);
  }
  const makers = new Map(optimized.nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
  const forms = model.graph.nodes.filter(isLinear).map((node): EngineForm => {
    const found =
      byName.get(node.name)?.find((n) => isLinear(n) || isFusedLinear(n)) ??
      [makers.get(node.outputs[0] ?? '')].find((n) => n !== undefined && isLinear(n));
    const base = { name: node.name, op: opName(node) };
    if (found === undefined) return { ...base, state: 'gone' };
    return { ...base, state: qlinearForm(found) === undefined ? 'float' : 'fused', as: opName(found) };
  });
  return { operators: operatorCounts(optimized), forms };
}

/** onnxruntime numbers what it lays out anew. */
function originalName(name: string): string {
  return name.replace(/(_token_\d+)+$/, '');
}

/** `FusedConv`, `FusedGemm`, `FusedMatMul`, and the NHWC Conv of float graphs. */
function isFusedLinear(node: Node): boolean {
  return /^(Fused|Nhwc)?(Conv|Gemm|MatMul)(_\w+)?$/.test(node.op);
}
