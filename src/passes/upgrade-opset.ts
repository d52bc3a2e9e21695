/**
 * Brings models of opsets 7 to 12 to opset 13, the first with QuantizeLinear for each channel: everything after
 * this pass knows one form of each operator. A model at 13 or above is left alone.
 */
import { UnsupportedError } from '../base/errors.ts';
import { withParts } from '../ir/graph.ts';
import type { Attribute, Graph, Model, Node } from '../ir/index.ts';
import { Draft, isOnnxDomain, opsetOf, shapeOf } from '../ir/index.ts';
import { dropObligatoryInputs } from './drop-obligatory-inputs.ts';
import type { Pass } from './pass.ts';
import { changes } from './upgrade-opset/conversions.ts';
import { refuse } from './upgrade-opset/node-upgrade.ts';
import { introducedIn, removedIn } from './upgrade-opset/operator-history.ts';
import { type ValueTypes, valueTypes } from './value-types.ts';

/** IR version 7 came with opset 12 and 13. */
const irVersion = 7;
/** Opsets beyond are not written yet. */
const newestOpset = 26;

/**
 * Throws UnsupportedError below 7 and above 26, and for a node without a conversion, naming node, operator and
 * opset. Bodies of If, Loop and Scan are converted too; functions carry their own opset and stay as they are.
 */
export function upgradeOpset(target: 13): Pass {
  return {
    name: 'upgrade-opset',
    why: `one form of every operator: that of opset ${target}`,
    run(model) {
      const from = opsetOf(model);
      if (from < 7 || from > newestOpset)
        throw new UnsupportedError({
          where: `model '${model.graph.name}'`,
          what: `the model is written in opset ${from}; opsets 7 to ${newestOpset} are read`,
          remedy:
            from < 7
              ? 'Export the model with opset 13 or above, or convert it with onnx.version_converter'
              : `Export the model with an opset up to ${newestOpset}`,
          opset: from,
        });
      return from >= target ? model : upgraded(model, from, target);
    },
  };
}

function upgraded(model: Model, from: number, target: number): Model {
  // Raising the IR version would turn weights that had to be listed as inputs into defaults.
  const base = dropObligatoryInputs.run(model).graph;
  const taken = new Set<string>();
  addNames(base, taken);
  const draft = new Draft(base, taken);
  convertNodes(draft, valueTypes(withParts(model, { graph: base }), draft), { from, taken });
  const opsets = new Map(model.opsets);
  for (const domain of ['', 'ai.onnx']) if (opsets.has(domain)) opsets.set(domain, target);
  return withParts(model, {
    graph: draft.finish(),
    opsets,
    irVersion: Math.max(model.irVersion, irVersion),
  });
}

interface Scope {
  readonly from: number;
  /** Every name of the model: a new one in a body must not hide an outer one. */
  readonly taken: Set<string>;
}

function convertNodes(draft: Draft, types: ValueTypes, scope: Scope): void {
  for (const original of [...draft.nodes]) {
    const node = convertBodies(draft, original, scope);
    if (!isOnnxDomain(node.domain)) continue;
    const { from } = scope;
    const born = introducedIn.get(node.op);
    if (born === undefined || born > from) refuse({ node, from }, `opset ${from} has no operator ${node.op}`);
    if ((removedIn.get(node.op) ?? Number.POSITIVE_INFINITY) <= from)
      refuse({ node, from }, `opset ${from} has no operator ${node.op} any more`);
    const change = changes.get(node.op)?.find((c) => c.since > from);
    if (change === undefined) continue;
    // Every operator that is converted reads something and makes something; the conversions build on both.
    if (!node.inputs[0] || !node.outputs[0]) refuse({ node, from }, 'it has no input or no output');
    change.convert({ draft, node, from, types });
  }
}

function convertBodies(draft: Draft, node: Node, scope: Scope): Node {
  const attributes = new Map<string, Attribute>();
  for (const [name, a] of node.attributes)
    if (a.type === 'graph') attributes.set(name, { type: 'graph', value: convertBody(a.value, scope) });
    else if (a.type === 'graphs')
      attributes.set(name, { type: 'graphs', value: a.value.map((g) => convertBody(g, scope)) });
  const changed = [...attributes].some(([name, a]) => node.attributes.get(name)?.value !== a.value);
  return changed ? draft.replace(node, { attributes: new Map([...node.attributes, ...attributes]) }) : node;
}

/** Shapes in a body are what its own records say. */
function convertBody(graph: Graph, scope: Scope): Graph {
  const draft = new Draft(graph, scope.taken);
  const type = (name: string) => draft.type(name);
  const shape = (name: string) => shapeOf(type(name));
  convertNodes(draft, { type, shape, rank: (name) => shape(name)?.length }, scope);
  return draft.finish();
}

function addNames(graph: Graph, into: Set<string>): void {
  for (const port of [...graph.inputs, ...graph.outputs]) into.add(port.name);
  for (const name of graph.initializers.keys()) into.add(name);
  for (const node of graph.nodes) {
    for (const name of [...node.inputs, ...node.outputs]) into.add(name);
    for (const a of node.attributes.values())
      if (a.type === 'graph') addNames(a.value, into);
      else if (a.type === 'graphs') for (const g of a.value) addNames(g, into);
  }
}
