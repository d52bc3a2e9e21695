/**
 * The oracle: runs a graph node by node in plain JavaScript, by what each operator's contract defines. It says what the
 * right bits are, for float and for codes; speed is not asked of it.
 */
import { OctavoError, UnsupportedError } from '../../base/errors.ts';
import type { Graph, Model, Node, QuantParams, Tensor, ValueType } from '../../ir/index.ts';
import { opsetOf, readsOf, requiredInputs, typeOf } from '../../ir/index.ts';
import type { CodesContext } from '../../ops/contract.ts';
import { cannotEvaluate } from '../../ops/elements.ts';
import { computeNode } from '../../ops/index.ts';

export interface InterpretOptions {
  /**
   * Of nodes whose values are codes. `int8` (default): the integer arithmetic that engines and compiled code have.
   * `fake`: float between rounded values, which is how a QDQ file reads to the letter.
   */
  readonly arithmetic?: 'int8' | 'fake';
  /** Called behind each node. Values it returns take the place of what the node made: those that follow read them. */
  readonly onNode?: (done: NodeDone) => ReadonlyMap<string, Tensor> | undefined;
}

/** A node that has run: what it read and made. */
export interface NodeDone {
  readonly node: Node;
  /** Its inputs, with the parameters of those that are codes. */
  readonly context: CodesContext;
  /** By value name. */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/** Deepest nesting of bodies. */
const deepest = 32;

/** For what has no reference. */
const remedy = 'Run the model with onnxruntime';

/**
 * Values by name for `fetch`: any values of the graph, default its outputs. Feeds hold every required input; codes for
 * quantized ones. Throws INVALID_ARGUMENT on feeds and names that do not fit, UNSUPPORTED on an operator without a reference.
 */
export function interpret(
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  fetch: readonly string[] = model.graph.outputs.map((p) => p.name),
  options: InterpretOptions = {},
): Record<string, Tensor> {
  for (const { name } of requiredInputs(model.graph))
    if (feeds[name] === undefined) throw unfit(`input '${name}'`, 'it is not fed', 'Feed every input');
  const scope = new Scope(undefined, model.graph);
  for (const [name, tensor] of Object.entries(feeds)) {
    if (!model.graph.inputs.some((p) => p.name === name))
      throw unfit(`input '${name}'`, 'the model has no such input', 'Feed inputs by their names');
    scope.set(name, tensor);
  }
  runNodes({ model, options, depth: 0 }, model.graph.nodes, scope, new Set(fetch));
  return Object.fromEntries(
    fetch.map((name) => {
      const tensor = scope.get(name);
      if (tensor === undefined)
        throw unfit(`output '${name}'`, 'the graph has no such value', 'Ask for values of the graph');
      return [name, tensor];
    }),
  );
}

interface Run {
  readonly model: Model;
  readonly options: InterpretOptions;
  readonly depth: number;
}

/** Values of one graph; a body sees those around it. */
class Scope {
  readonly #outer: Scope | undefined;
  readonly #values = new Map<string, Tensor>();
  readonly #graph: Graph;
  readonly #types = new Map<string, QuantParams | undefined>();

  constructor(outer: Scope | undefined, graph: Graph) {
    this.#outer = outer;
    this.#graph = graph;
  }

  get(name: string): Tensor | undefined {
    return this.#values.get(name) ?? this.#graph.initializers.get(name) ?? this.#outer?.get(name);
  }

  set(name: string, tensor: Tensor): void {
    this.#values.set(name, tensor);
  }

  delete(name: string): void {
    this.#values.delete(name);
  }

  quant(name: string): QuantParams | undefined {
    if (!this.#types.has(name)) {
      const type: ValueType | undefined = typeOf(this.#graph, name);
      this.#types.set(
        name,
        type === undefined ? this.#outer?.quant(name) : type.kind === 'quantized' ? type.quant : undefined,
      );
    }
    return this.#types.get(name);
  }
}

/** Values are let go behind their last reader, so that memory is that of the widest place. */
function runNodes(run: Run, nodes: readonly Node[], scope: Scope, keep: ReadonlySet<string>): void {
  const lastReader = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const name of readsOf(node)) lastReader.set(name, i);
  for (const [i, node] of nodes.entries()) {
    const done = runNode(run, node, scope);
    const instead = run.options.onNode?.(done);
    for (const [name, own] of done.outputs) {
      const tensor = instead?.get(name) ?? own;
      if (keep.has(name) || lastReader.has(name)) scope.set(name, tensor);
    }
    for (const name of readsOf(node)) if (lastReader.get(name) === i && !keep.has(name)) scope.delete(name);
  }
}

function runNode(run: Run, node: Node, scope: Scope): NodeDone {
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const tensor = scope.get(name);
    if (tensor === undefined)
      throw unfit(`node '${node.name}' (${node.op})`, `its input '${name}' has no value`, 'Verify the graph');
    return tensor;
  });
  const quantOf = (name: string): QuantParams | undefined => (name === '' ? undefined : scope.quant(name));
  const context: CodesContext = {
    node,
    opset: opsetOf(run.model, node.domain),
    inputs,
    inputQuant: node.inputs.map(quantOf),
    outputQuant: node.outputs.map(quantOf),
    runBody: (body, given) => runBody(run, body, given, scope, node),
  };
  const outputs = compute(context, run.options);
  const made = new Map<string, Tensor>();
  for (const [i, name] of node.outputs.entries()) {
    const tensor = outputs[i];
    if (name === '') continue;
    if (tensor === undefined)
      throw cannotEvaluate(node, `the reference does not compute its output ${i} ('${name}')`, remedy);
    made.set(name, tensor);
  }
  return { node, context, outputs: made };
}

function compute(context: CodesContext, options: InterpretOptions): readonly Tensor[] {
  const { node } = context;
  try {
    return computeNode(context, options.arithmetic);
  } catch (error) {
    if (error instanceof UnsupportedError && error.op === node.op)
      throw cannotEvaluate(node, error.what, remedy);
    throw error;
  }
}

function runBody(
  run: Run,
  body: Graph,
  given: readonly Tensor[],
  outer: Scope,
  node: Node,
): readonly Tensor[] {
  if (run.depth >= deepest)
    throw cannotEvaluate(node, `its bodies are nested deeper than ${deepest}`, remedy);
  const scope = new Scope(outer, body);
  for (const [i, port] of body.inputs.entries()) {
    const tensor = given[i];
    if (tensor !== undefined) scope.set(port.name, tensor);
  }
  const results = body.outputs.map((p) => p.name);
  runNodes({ ...run, depth: run.depth + 1 }, body.nodes, scope, new Set(results));
  return results.map((name) => {
    const tensor = scope.get(name);
    if (tensor === undefined)
      throw unfit(`node '${node.name}' (${node.op})`, `its body has no value '${name}'`, 'Verify the graph');
    return tensor;
  });
}

function unfit(where: string, what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'INVALID_ARGUMENT', where, what, remedy });
}
