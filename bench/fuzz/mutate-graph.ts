/** Mutations of what a graph is made of: names, edges, order, nodes, bodies, functions. */
import { contracts } from '../../src/ops/contracts.ts';
import type { Dice } from './dice.ts';
import type { Proto } from './proto.ts';
import {
  attrGraph,
  attrInt,
  cloneProto,
  graphOf,
  hostileInt,
  hostileName,
  int64s,
  list,
  someGraph,
  someNode,
  strings,
  valuesOf,
} from './proto.ts';

/** What a mutation is called, and what it does to a model that is the caller's own to change. */
export type Mutators = Readonly<Record<string, (model: Proto, dice: Dice) => void>>;

const operators = [...new Set(contracts.map((c) => c.op))];

export const graphMutators: Mutators = {
  'dangling input': (model, dice) => editInput(model, dice, () => 'nobody makes this'),
  'input rewired': (model, dice) => {
    const graph = someGraph(model, dice);
    const values = valuesOf(graph);
    const node = pickNode(graph, dice);
    const inputs = node === undefined ? [] : strings(node, 'input');
    if (inputs.length > 0 && values.length > 0) inputs[dice.int(inputs.length)] = dice.pick(values);
  },
  'input named strangely': (model, dice) => editInput(model, dice, () => hostileName(dice)),
  'input left out': (model, dice) => editInput(model, dice, () => ''),
  'input list cut': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined) node.input = strings(node, 'input').slice(0, dice.int(3));
  },
  'input list grown': (model, dice) => {
    const node = someNode(model, dice);
    const inputs = node === undefined ? [] : strings(node, 'input');
    if (inputs.length > 0) for (let n = dice.pick([1, 2, 300]); n > 0; n--) inputs.push(dice.pick(inputs));
  },
  cycle: (model, dice) => {
    const nodes = list(someGraph(model, dice), 'node').filter((n) => strings(n, 'input').length > 0);
    if (nodes.length < 2) return;
    const at = dice.int(nodes.length - 1);
    const later = nodes[at + dice.int(nodes.length - at)]!;
    strings(nodes[at]!, 'input')[0] = strings(later, 'output')[0] ?? '';
  },
  'value made twice': (model, dice) => {
    const nodes = list(someGraph(model, dice), 'node');
    if (nodes.length < 2) return;
    const from = strings(dice.pick(nodes), 'output');
    dice.pick(nodes).output = [...from];
  },
  'output list grown': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined)
      for (let n = dice.pick([1, 3, 300]); n > 0; n--) strings(node, 'output').push(`extra ${n}`);
  },
  'output list cut': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined) node.output = dice.chance(0.5) ? [] : [''];
  },
  'node names alike': (model, dice) => {
    for (const node of list(someGraph(model, dice), 'node')) node.name = 'same';
  },
  'node without a name': (model, dice) => {
    for (const node of list(someGraph(model, dice), 'node')) if (dice.chance(0.5)) delete node.name;
  },
  'node named strangely': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined) node.name = hostileName(dice);
  },
  'value renamed everywhere': (model, dice) => {
    const graph = graphOf(model);
    const values = valuesOf(graph);
    if (values.length > 0) renameValue(graph, dice.pick(values), hostileName(dice));
  },
  'initializer named as a value': (model, dice) => {
    const graph = someGraph(model, dice);
    const tensors = list(graph, 'initializer');
    const values = valuesOf(graph);
    if (tensors.length > 0 && values.length > 0) dice.pick(tensors).name = dice.pick(values);
  },
  'initializer is an input too': (model, dice) => {
    const graph = graphOf(model);
    for (const { name, dims, data_type } of list(graph, 'initializer').filter(() => dice.chance(0.3)))
      list(graph, 'input').push({
        name,
        type: {
          tensor_type: {
            elem_type: data_type,
            shape: { dim: ((dims ?? []) as unknown[]).map((dim_value) => ({ dim_value })) },
          },
        },
      });
  },
  'initializer gone': (model, dice) => drop(list(someGraph(model, dice), 'initializer'), dice),
  'node gone': (model, dice) => drop(list(someGraph(model, dice), 'node'), dice),
  'node twice': (model, dice) => {
    const nodes = list(someGraph(model, dice), 'node');
    if (nodes.length > 0) nodes.push(cloneProto(dice.pick(nodes)));
  },
  'nodes shuffled': (model, dice) => {
    const nodes = list(someGraph(model, dice), 'node');
    for (let i = nodes.length - 1; i > 0; i--) {
      const j = dice.int(i + 1);
      [nodes[i], nodes[j]] = [nodes[j]!, nodes[i]!];
    }
  },
  'no inputs': (model) => {
    graphOf(model).input = [];
  },
  'no outputs': (model) => {
    graphOf(model).output = [];
  },
  'output of another value': (model, dice) => {
    const graph = graphOf(model);
    const values = valuesOf(graph);
    if (values.length > 0) list(graph, 'output').push({ name: dice.pick(values) });
  },
  'another operator': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined) node.op_type = dice.chance(0.9) ? dice.pick(operators) : hostileName(dice);
  },
  'another domain': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined)
      node.domain = dice.pick(['com.microsoft', 'ai.onnx', 'ai.onnx.ml', hostileName(dice)]);
  },
  'wrapped in a body': (model, dice) => {
    const graph = graphOf(model);
    const nodes = list(graph, 'node');
    if (nodes.length === 0) return;
    const at = dice.int(nodes.length);
    let node = nodes[at]!;
    const output = strings(node, 'output')[0] ?? 'out';
    for (let depth = dice.pick([1, 2, 5, 40, 70, 500]); depth > 0; depth--)
      node = wrapped(node, `${output}${depth === 1 ? '' : `_${depth}`}`, dice);
    nodes[at] = node;
    list(graph, 'initializer').push(int64s('trips', [hostileInt(dice)], []));
  },
  'function that calls itself': (model, dice) => {
    const node = someNode(model, dice);
    if (node === undefined) return;
    const call = { op_type: 'F', domain: 'local', input: ['a'], output: ['b'] };
    list(model, 'functions').push({
      name: 'F',
      domain: 'local',
      input: ['a'],
      output: ['b'],
      node: [call, cloneProto(call)],
      opset_import: [{ domain: 'local', version: 1 }],
    });
    Object.assign(node, { op_type: 'F', domain: 'local' });
  },
  'sparse weight': (model, dice) => {
    const graph = graphOf(model);
    const [tensor] = list(graph, 'initializer');
    if (tensor === undefined) return;
    const values = { name: tensor.name, dims: [1], data_type: 1, float_data: [1] };
    list(graph, 'sparse_initializer').push({
      values,
      indices: int64s('', [hostileInt(dice)]),
      dims: [hostileInt(dice)],
    });
    if (dice.chance(0.5)) list(graph, 'initializer').shift();
  },
  'long chain': (model, dice) => {
    const graph = graphOf(model);
    const from = dice.pick(valuesOf(graph).length > 0 ? valuesOf(graph) : ['x']);
    const op_type = dice.pick(['Relu', 'Identity', 'Clip', 'Dropout', 'Add', 'Transpose']);
    let last = from;
    for (let i = 0; i < 400; i++) {
      const next = `chain ${i}`;
      list(graph, 'node').push({ op_type, input: op_type === 'Add' ? [last, last] : [last], output: [next] });
      last = next;
    }
    list(graph, 'output').push({ name: last });
  },
};

function pickNode(graph: Proto, dice: Dice): Proto | undefined {
  const nodes = list(graph, 'node');
  return nodes.length === 0 ? undefined : dice.pick(nodes);
}

function editInput(model: Proto, dice: Dice, name: () => string): void {
  const node = someNode(model, dice);
  const inputs = node === undefined ? [] : strings(node, 'input');
  if (inputs.length > 0) inputs[dice.int(inputs.length)] = name();
}

function drop(items: Proto[], dice: Dice): void {
  if (items.length > 0) items.splice(dice.int(items.length), 1);
}

function renameValue(graph: Proto, from: string, to: string): void {
  for (const field of ['input', 'output', 'initializer', 'value_info'])
    for (const part of list(graph, field)) if (part.name === from) part.name = to;
  for (const node of list(graph, 'node'))
    for (const field of ['input', 'output'])
      node[field] = strings(node, field).map((name) => (name === from ? to : name));
}

/** The node inside the body of an If, a Loop or a Scan, whose result has the given name. */
function wrapped(node: Proto, name: string, dice: Dice): Proto {
  const inside = strings(node, 'output')[0] ?? name;
  const body = (): Proto => ({ name: 'body', node: [node], output: [{ name: inside }] });
  const kind = dice.pick(['If', 'If', 'Loop', 'Scan']);
  if (kind === 'If')
    return {
      op_type: 'If',
      input: strings(node, 'input').slice(0, 1),
      output: [name],
      attribute: [
        attrGraph('then_branch', body()),
        attrGraph('else_branch', { name: 'e', output: [{ name: inside }] }),
      ],
    };
  const loop = { ...body(), input: [{ name: 'i' }, { name: 'c' }, { name: 'state' }] };
  return {
    op_type: kind,
    input: ['trips', '', ...strings(node, 'input').slice(0, 1)],
    output: [name],
    attribute: [
      attrGraph('body', loop),
      ...(kind === 'Scan' ? [attrInt('num_scan_inputs', hostileInt(dice))] : []),
    ],
  };
}
