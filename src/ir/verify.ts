/** The rules of the IR, checked after every pass so that the guilty one is named. */
import { OctavoError } from '../base/errors.ts';
import type { Graph, Node } from './graph.ts';
import { isOnnxDomain } from './graph.ts';

/** Values that are there to be read, by name. */
type Known = Pick<ReadonlySet<string>, 'has'>;

/** Every broken rule, in words; empty for a sound graph. `outer` holds the values a subgraph may capture. */
export function problemsOf(graph: Graph, outer: Known = new Set()): readonly string[] {
  const problems: string[] = [];
  const own = new Set<string>();
  // Asked, not copied: a file of thousands of subgraphs in thousands of values would take minutes.
  const known: Known = { has: (name) => own.has(name) || outer.has(name) };
  const nodeNames = new Set<string>();
  const define = (name: string, by: string): void => {
    if (own.has(name)) problems.push(`value '${name}' is made twice, the second time by ${by}`);
    own.add(name);
  };
  for (const port of graph.inputs) define(port.name, 'an input');
  for (const name of graph.initializers.keys()) if (!own.has(name)) define(name, 'an initializer');
  for (const name of graph.sparse.keys()) if (!own.has(name)) define(name, 'a sparse initializer');
  for (const node of graph.nodes) {
    const where = `node '${node.name}' (${node.op})`;
    if (nodeNames.has(node.name)) problems.push(`two nodes are named '${node.name}'`);
    nodeNames.add(node.name);
    for (const name of node.inputs)
      if (name !== '' && !known.has(name))
        problems.push(`${where} reads '${name}', which nothing before it makes`);
    for (const inner of subgraphsOf(node))
      for (const problem of problemsOf(inner, known))
        problems.push(`${where}, in its subgraph '${inner.name}': ${problem}`);
    for (const name of node.outputs) if (name !== '') define(name, where);
    problems.push(...quantizationProblems(graph, node).map((p) => `${where} ${p}`));
  }
  for (const port of graph.outputs)
    if (!known.has(port.name)) problems.push(`the output '${port.name}' is made by nothing`);
  return problems;
}

export function subgraphsOf(node: Node): readonly Graph[] {
  const graphs: Graph[] = [];
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') graphs.push(attribute.value);
    else if (attribute.type === 'graphs') graphs.push(...attribute.value);
  }
  return graphs;
}

/** Crossing between float and quantized is an explicit operator; a float operator never reads codes. */
function quantizationProblems(graph: Graph, node: Node): readonly string[] {
  if (!isOnnxDomain(node.domain)) return [];
  const kind = (name: string) => (name === '' ? undefined : graph.types.get(name)?.kind);
  const data = kind(node.inputs[0] ?? '');
  const made = kind(node.outputs[0] ?? '');
  if (node.op === 'QuantizeLinear' && data === 'quantized')
    return ['quantizes a value that is quantized already'];
  if (node.op === 'DequantizeLinear' && made === 'quantized') return ['makes a quantized value'];
  return [];
}

/** Throws INVALID_GRAPH with every problem, naming who made the graph. */
export function verify(graph: Graph, madeBy: string): void {
  const problems = problemsOf(graph);
  if (problems.length === 0) return;
  throw new OctavoError({
    code: 'INVALID_GRAPH',
    where: `graph '${graph.name}' after ${madeBy}`,
    what: problems.slice(0, 8).join('; ') + (problems.length > 8 ? `; and ${problems.length - 8} more` : ''),
    remedy: madeBy.startsWith('pass')
      ? 'This is a fault in Octavo: please report it with the model'
      : 'Check the model with onnx.checker',
  });
}
