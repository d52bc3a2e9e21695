/** Mutations of constants: their dims, their types, how their data is stored, and what it holds. */
import type { Dice } from './dice.ts';
import type { Mutators } from './mutate-graph.ts';
import type { Proto } from './proto.ts';
import {
  attrTensor,
  float32s,
  hostileFloat,
  hostileInt,
  hostileInts,
  list,
  someGraph,
  someNode,
} from './proto.ts';

export const tensorMutators: Mutators = {
  'dim of a weight': edit((tensor, dice) => {
    const dims = [...dimsOf(tensor)];
    if (dims.length > 0) dims[dice.int(dims.length)] = hostileInt(dice);
    tensor.dims = dims;
  }),
  'dims of a weight': edit((tensor, dice) => {
    tensor.dims = hostileInts(dice);
  }),
  'weight of another shape': edit((tensor, dice) => resized(tensor, dice)),
  'weight of another rank': edit((tensor, dice) => {
    const dims = dimsOf(tensor).map(Number);
    const count = dims.reduce((n, d) => n * d, 1);
    tensor.dims = dice.pick([
      [count],
      [1, count],
      [count, 1],
      [1, ...dims],
      [...dims, 1],
      dims.slice().reverse(),
    ]);
  }),
  'empty weight': edit((tensor) => {
    Object.assign(tensor, blank(tensor), { dims: [0, ...dimsOf(tensor).slice(1)] });
  }),
  'scalar weight': edit((tensor, dice) => {
    Object.assign(
      tensor,
      blank(tensor),
      float32s(String(tensor.name ?? ''), [], () => hostileFloat(dice)),
    );
  }),
  'odd values': edit((tensor, dice) => {
    const values = Array.from({ length: 7 }, () => hostileFloat(dice));
    refill(tensor, (i) => values[i % 7]!);
  }),
  'one odd value': edit((tensor, dice) => {
    const odd = hostileFloat(dice);
    refill(tensor, (i) => (i === 3 ? odd : 0.25));
  }),
  'all the same': edit((tensor, dice) => {
    const value = hostileFloat(dice);
    refill(tensor, () => value);
  }),
  'element type': edit((tensor, dice) => {
    tensor.data_type = dice.int(28);
  }),
  'element type and data': edit((tensor, dice) => {
    const count = dimsOf(tensor).reduce<number>((n, d) => n * Number(d), 1);
    if (!(count <= 1 << 20)) return;
    const [data_type, bits] = dice.pick([
      ...[
        [2, 8],
        [3, 8],
        [4, 16],
        [5, 16],
        [6, 32],
        [7, 64],
        [9, 8],
        [10, 16],
        [11, 64],
      ],
      ...[
        [12, 32],
        [13, 64],
        [14, 64],
        [15, 128],
        [16, 16],
        [17, 8],
        [21, 4],
        [22, 4],
      ],
    ]) as [number, number];
    const raw_data = new Uint8Array(Math.ceil((count * bits) / 8)).fill(dice.pick([0, 1, 60, 255]));
    Object.assign(tensor, blank(tensor), { data_type, raw_data });
  }),
  'data cut': edit((tensor, dice) => {
    const raw = tensor.raw_data;
    if (raw instanceof Uint8Array)
      tensor.raw_data = raw.subarray(0, Math.max(0, raw.length - 1 - dice.int(8)));
  }),
  'data twice': edit((tensor) => {
    tensor.float_data = [1, 2, 3];
  }),
  'data elsewhere': edit((tensor, dice) => {
    const location = dice.pick(['weights.bin', '../up.bin', '/etc/passwd', '', 'a\u0000b', 'C:\\w.bin']);
    Object.assign(tensor, blank(tensor), {
      data_location: 1,
      external_data: [
        { key: 'location', value: location },
        { key: 'offset', value: hostileInt(dice) },
        { key: 'length', value: hostileInt(dice) },
      ],
    });
  }),
  'texts as a weight': edit((tensor) => {
    Object.assign(tensor, blank(tensor), {
      data_type: 8,
      dims: [2],
      string_data: [new Uint8Array(1), new Uint8Array(0)],
    });
  }),
  'weight becomes a Constant': (model, dice) => {
    const graph = someGraph(model, dice);
    const tensors = list(graph, 'initializer');
    if (tensors.length === 0) return;
    const [tensor] = tensors.splice(dice.int(tensors.length), 1) as [Proto];
    list(graph, 'node').unshift({
      op_type: 'Constant',
      output: [tensor.name],
      attribute: [attrTensor('value', tensor)],
    });
  },
  'bias gone': (model, dice) => {
    const node = linearNode(model, dice);
    if (node !== undefined) node.input = (node.input as string[]).slice(0, 2);
  },
  'bias of another shape': (model, dice) => {
    const graph = someGraph(model, dice);
    const node = linearNode(model, dice);
    if (node === undefined) return;
    const dims = dice.pick([[], [1], [0], [2, 3], [1, 8], [8, 1], [7], [1, 1, 1, 1]]);
    list(graph, 'initializer').push(float32s('odd bias', dims, () => hostileFloat(dice)));
    node.input = [...(node.input as string[]).slice(0, 2), 'odd bias'];
  },
  'weight replaced': (model, dice) => {
    const graph = someGraph(model, dice);
    const node = linearNode(model, dice);
    if (node === undefined) return;
    const dims = Array.from({ length: dice.int(6) }, () => dice.pick([0, 1, 1, 2, 3, 8]));
    list(graph, 'initializer').push(float32s('odd weight', dims, (i) => (i % 5) - 2));
    const inputs = [...(node.input as string[])];
    inputs[1] = 'odd weight';
    node.input = inputs;
  },
  'weights shared': (model, dice) => {
    const [a, b] = [linearNode(model, dice), linearNode(model, dice)];
    if (a !== undefined && b !== undefined)
      b.input = [(b.input as string[])[0], ...(a.input as string[]).slice(1)];
  },
};

function edit(change: (tensor: Proto, dice: Dice) => void) {
  return (model: Proto, dice: Dice): void => {
    const tensors = list(someGraph(model, dice), 'initializer');
    if (tensors.length > 0) change(dice.pick(tensors), dice);
  };
}

const dimsOf = (tensor: Proto): readonly unknown[] => (tensor.dims ?? []) as unknown[];

/** Every field of data, to be unset. */
const blank = (_: Proto): Proto => ({
  raw_data: undefined,
  float_data: undefined,
  int32_data: undefined,
  int64_data: undefined,
  double_data: undefined,
  uint64_data: undefined,
  string_data: undefined,
});

function resized(tensor: Proto, dice: Dice): void {
  const dims = dimsOf(tensor).map(Number);
  if (dims.length === 0) return;
  const at = dice.int(dims.length);
  dims[at] = Math.max(0, dims[at]! + dice.pick([-2, -1, 1, 2, 5]));
  if (dims.reduce((n, d) => n * d, 1) > 1 << 20) return;
  Object.assign(
    tensor,
    blank(tensor),
    float32s(String(tensor.name ?? ''), dims, (i) => ((i * 7) % 11) - 5),
  );
}

function refill(tensor: Proto, at: (i: number) => number): void {
  const dims = dimsOf(tensor).map(Number);
  if (!(dims.reduce((n, d) => n * d, 1) <= 1 << 20) || dims.some((d) => d < 0)) return;
  Object.assign(tensor, blank(tensor), float32s(String(tensor.name ?? ''), dims, at));
}

const linear = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'BatchNormalization',
  'Add',
  'Mul',
  'Clip',
]);

function linearNode(model: Proto, dice: Dice): Proto | undefined {
  for (let tries = 0; tries < 8; tries++) {
    const node = someNode(model, dice);
    if (node !== undefined && linear.has(String(node.op_type)) && list(node, 'input').length > 0) return node;
  }
  return undefined;
}
