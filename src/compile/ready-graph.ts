/** A model made ready to compile: sizes fixed, shape computations done, codes on values, and nothing left that no output needs. */
import { UnsupportedError } from '../base/errors.ts';
import type { DType, Graph, Model, Node, Port, QuantParams, Tensor, ValueType } from '../ir/index.ts';
import {
  dtypeOf,
  isOnnxDomain,
  opsetOf,
  readsOf,
  requiredInputs,
  shapeOf,
  staticDims,
  typeOf,
} from '../ir/index.ts';
import { inferTypes } from '../ops/index.ts';
import { absorbQdq } from '../passes/absorb-qdq.ts';
import { bindableDims, bindDims } from '../passes/bind-dims.ts';
import { foldConstants } from '../passes/fold-constants.ts';
import { runPasses } from '../passes/pass.ts';
import { upgradeOpset } from '../passes/upgrade-opset.ts';

export interface ReadyValue {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: DType;
  readonly quant: QuantParams | undefined;
  readonly constant: Tensor | undefined;
}

export interface ReadyGraph {
  readonly name: string;
  /** Sizes as they were given or assumed. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Inputs and outputs of codes that lie as the caller has them, whatever order the layers want: see codes-at-doors.ts. */
  readonly doors: ReadonlySet<string>;
  readonly nodes: readonly Node[];
  opsetOf(node: Node): number;
  value(name: string): ReadyValue;
}

/** The lowest opset whose forms the lowerings know. */
const opset = 13;

/**
 * An open first axis of an input is a batch: of 1, where nothing else is said. Throws UNSUPPORTED for sizes that stay open,
 * INVALID_ARGUMENT for names in `sizes` that the model does not have.
 */
export function readyGraph(model: Model, given: Readonly<Record<string, number>> = {}): ReadyGraph {
  const sizes = { ...batchSizes(model, given), ...given };
  const names = new Set(bindableDims(model));
  const bound =
    names.size === 0 && Object.keys(given).length === 0 ? model : runPasses(model, [bindDims(sizes)]);
  const spelled = runPasses(bound, [foldConstants, upgradeOpset(opset), foldConstants]);
  // Shapes are those of the file's own operators; absorbing keeps the names of values.
  const types = inferTypes(spelled, { assumeDefaults: true });
  const ready = runPasses(spelled, [absorbQdq]);
  const { graph } = ready;
  const inputs = requiredInputs(graph);
  const known = new Map<string, ReadyValue>();
  const value = (name: string): ReadyValue => {
    const found = known.get(name) ?? readyValue(name, types.get(name), graph);
    known.set(name, found);
    return found;
  };
  return {
    name: graph.name,
    sizes,
    inputs,
    outputs: graph.outputs,
    doors: new Set(),
    nodes: neededNodes(graph),
    opsetOf: (node) => opsetOf(ready, isOnnxDomain(node.domain) ? '' : node.domain),
    value,
  };
}

/** The names of open first axes that nothing is said of, each 1. */
function batchSizes(model: Model, given: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const batches: Record<string, number> = {};
  for (const { name, type } of requiredInputs(model.graph)) {
    const first = shapeOf(type)?.[0];
    if (first === undefined || typeof first === 'number') continue;
    const size = first ?? `${name}:0`;
    if (given[size] === undefined) batches[size] = 1;
  }
  return batches;
}

function readyValue(name: string, type: ValueType | undefined, graph: Graph): ReadyValue {
  const constant = graph.initializers.get(name);
  const dims = constant?.dims ?? staticDims(shapeOf(type));
  const absorbed = typeOf(graph, name);
  const quant = absorbed?.kind === 'quantized' ? absorbed.quant : undefined;
  const dtype = quant?.dtype ?? (type && dtypeOf(type));
  if (dims === undefined || dtype === undefined)
    throw new UnsupportedError({
      where: `value '${name}'`,
      what: `its ${
        dtype === undefined
          ? 'type'
          : `shape [${
              shapeOf(type)
                ?.map((d) => d ?? '?')
                .join(',') ?? '?'
            }]`
      } is not known while compiling`,
      remedy:
        'Give the sizes of the inputs (--dim N=1,H=224); shapes that depend on values cannot be compiled',
    });
  return { name, dims, dtype, quant, constant };
}

/** Those that an output needs, in order. */
export function neededNodes(graph: Pick<Graph, 'nodes' | 'outputs'>): readonly Node[] {
  const needed = new Set(graph.outputs.map((p) => p.name));
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of readsOf(node)) needed.add(name);
  }
  return kept.reverse();
}
