/** Mutations of what a file says of itself: types of inputs and values, operator sets, versions, metadata. */
import type { Dice } from './dice.ts';
import type { Mutators } from './mutate-graph.ts';
import type { Proto } from './proto.ts';
import { graphOf, hostileInt, hostileName, list, someGraph, valuesOf } from './proto.ts';

export const headerMutators: Mutators = {
  'dim of a port': (model, dice) => {
    const dims = dimsOf(somePort(model, dice));
    if (dims.length > 0) dims[dice.int(dims.length)] = hostileDim(dice);
  },
  'shape of a port': (model, dice) => {
    const tensor = tensorTypeOf(somePort(model, dice));
    if (tensor === undefined) return;
    if (dice.chance(0.2)) delete tensor.shape;
    else
      tensor.shape = {
        dim: Array.from({ length: dice.pick([0, 1, 2, 3, 4, 5, 1000]) }, () => hostileDim(dice)),
      };
  },
  'element type of a port': (model, dice) => {
    const tensor = tensorTypeOf(somePort(model, dice));
    if (tensor !== undefined) tensor.elem_type = dice.int(28);
  },
  'port without a type': (model, dice) => {
    const port = somePort(model, dice);
    if (port !== undefined) port.type = dice.pick([undefined, {}, { sequence_type: { elem_type: {} } }]);
  },
  'stated type': (model, dice) => {
    const graph = someGraph(model, dice);
    const values = valuesOf(graph);
    if (values.length === 0) return;
    const dim = Array.from({ length: dice.int(5) }, () => hostileDim(dice));
    const type = { tensor_type: { elem_type: dice.pick([1, 1, 1, 2, 3, 6, 7, 10]), shape: { dim } } };
    list(graph, 'value_info').push({ name: dice.pick(values), type });
  },
  'port twice': (model, dice) => {
    const graph = graphOf(model);
    const ports = list(graph, dice.pick(['input', 'output']));
    if (ports.length > 0) ports.push(dice.pick(ports));
  },
  'port named strangely': (model, dice) => {
    const port = somePort(model, dice);
    if (port !== undefined) port.name = hostileName(dice);
  },
  opset: (model, dice) => {
    model.opset_import = [
      { domain: '', version: dice.pick([1, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 19, 21, 23, 25]) },
    ];
  },
  'odd opset': (model, dice) => {
    const version = hostileInt(dice);
    model.opset_import = dice.pick([
      [],
      [{ version }],
      [
        { domain: '', version: 13 },
        { domain: 'ai.onnx', version },
      ],
      [
        { domain: hostileName(dice), version },
        { domain: '', version: 17 },
      ],
    ]);
  },
  'ir version': (model, dice) => {
    model.ir_version = dice.pick(['3', '4', hostileInt(dice)]);
  },
  metadata: (model, dice) => {
    const key = dice.pick(['octavo.version', 'octavo.options', hostileName(dice)]);
    list(model, 'metadata_props').push({ key, value: 'x' }, { key, value: hostileName(dice) });
  },
  'graph named strangely': (model, dice) => {
    graphOf(model).name = hostileName(dice);
  },
};

function somePort(model: Proto, dice: Dice): Proto | undefined {
  const graph = someGraph(model, dice);
  const ports = ['input', 'input', 'output', 'value_info'].flatMap((field) => list(graph, field));
  return ports.length === 0 ? undefined : dice.pick(ports);
}

function tensorTypeOf(port: Proto | undefined): Proto | undefined {
  return (port?.type as Proto | undefined)?.tensor_type as Proto | undefined;
}

function dimsOf(port: Proto | undefined): Proto[] {
  const shape = tensorTypeOf(port)?.shape as Proto | undefined;
  return shape === undefined ? [] : list(shape, 'dim');
}

function hostileDim(dice: Dice): Proto {
  if (dice.chance(0.15)) return { dim_param: dice.pick(['N', 'batch', hostileName(dice)]) };
  return dice.chance(0.1)
    ? {}
    : { dim_value: dice.chance(0.3) ? dice.pick([1, 8, 16, 32, 224]) : hostileInt(dice) };
}
