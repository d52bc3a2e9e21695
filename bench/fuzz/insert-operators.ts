/** Mutations that put operators between others: ones with hostile constants, and bombs that blow up when computed. */
import type { Dice } from './dice.ts';
import type { Mutators } from './mutate-graph.ts';
import type { Proto } from './proto.ts';
import {
  attrFloat,
  attrInt,
  attrInts,
  attrTensor,
  attrText,
  float32s,
  graphOf,
  hostileFloat,
  hostileInt,
  hostileInts,
  int64s,
  list,
  strings,
  valuesOf,
} from './proto.ts';

/** An operator with so many whole-number inputs behind its data. */
const withInts: readonly (readonly [string, number, readonly string[]])[] = [
  ['Reshape', 1, ['allowzero']],
  ['Slice', 2, []],
  ['Slice', 3, []],
  ['Slice', 4, []],
  ['Pad', 1, []],
  ['Tile', 1, []],
  ['Expand', 1, []],
  ['Gather', 1, ['axis']],
  ['GatherElements', 1, ['axis']],
  ['GatherND', 1, ['batch_dims']],
  ['Split', 1, ['axis']],
  ['Squeeze', 1, []],
  ['Unsqueeze', 1, []],
  ['ReduceSum', 1, ['keepdims']],
  ['ReduceMean', 1, ['keepdims']],
  ['TopK', 1, ['axis']],
  ['OneHot', 2, ['axis']],
  ['CumSum', 1, ['exclusive']],
  ['Trilu', 1, ['upper']],
  ['CenterCropPad', 1, []],
  ['ConstantOfShape', 0, []],
  ['Range', 2, []],
];

const withAttributes: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['Transpose', [], ['perm']],
  ['Flatten', ['axis'], []],
  ['Concat', ['axis'], []],
  ['Softmax', ['axis'], []],
  ['MaxPool', ['ceil_mode'], ['kernel_shape', 'strides', 'pads', 'dilations']],
  ['AveragePool', ['count_include_pad'], ['kernel_shape', 'strides', 'pads']],
  ['GlobalAveragePool', [], []],
  ['DepthToSpace', ['blocksize'], []],
  ['SpaceToDepth', ['blocksize'], []],
  ['Squeeze', [], ['axes']],
  ['Unsqueeze', [], ['axes']],
  ['Slice', [], ['starts', 'ends', 'axes']],
  ['Pad', [], ['pads']],
  ['Split', ['axis'], ['split']],
  ['Cast', ['to'], []],
  ['ArgMax', ['axis'], []],
  ['LRN', ['size'], []],
  ['EyeLike', ['dtype', 'k'], []],
  ['Shape', ['start', 'end'], []],
  ['ReduceMax', ['keepdims'], ['axes']],
  ['LayerNormalization', ['axis'], []],
  ['Hardmax', ['axis'], []],
  ['Compress', ['axis'], []],
  ['NonZero', [], []],
  ['Identity', [], []],
  ['Sum', [], []],
];

export const insertMutators: Mutators = {
  'operator with odd constants': (model, dice) => {
    const [op, count, attributes] = dice.pick(withInts);
    insert(model, dice, (value, constant) => ({
      op_type: op,
      input: [value, ...Array.from({ length: count }, () => constant(int64s('', ...oddInts(dice))))],
      attribute: attributes.filter(() => dice.chance(0.5)).map((name) => attrInt(name, hostileInt(dice))),
    }));
  },
  'operator with odd attributes': (model, dice) => {
    const [op, ints, lists] = dice.pick(withAttributes);
    insert(model, dice, (value) => ({
      op_type: op,
      input: dice.chance(0.2) ? [value, value] : [value],
      attribute: [
        ...ints.map((name) => attrInt(name, hostileInt(dice))),
        ...lists.map((name) => attrInts(name, hostileInts(dice))),
      ],
    }));
  },
  'clamp with odd bounds': (model, dice) => {
    insert(model, dice, (value, constant) =>
      dice.chance(0.3)
        ? {
            op_type: 'Clip',
            input: [value],
            attribute: [attrFloat('min', hostileFloat(dice)), attrFloat('max', hostileFloat(dice))],
          }
        : {
            op_type: dice.pick(['Clip', 'Max', 'Min', 'Add', 'Mul', 'Sub', 'Div', 'PRelu']),
            input: [
              value,
              constant(float32s('', dice.pick([[], [1], [2], [0]]), () => hostileFloat(dice))),
              ...(dice.chance(0.5) ? [constant(float32s('', [], () => hostileFloat(dice)))] : []),
            ],
          },
    );
  },
  'odd normalization': (model, dice) => {
    const count = dice.pick([0, 1, 3, 8, 16, 32]);
    insert(model, dice, (value, constant) => ({
      op_type: 'BatchNormalization',
      input: [
        value,
        ...[1, 2, 3, 4].map(() => constant(float32s('', [count], (i) => (i === 0 ? hostileFloat(dice) : 1)))),
      ],
      attribute: [attrFloat('epsilon', hostileFloat(dice))],
    }));
  },
  'odd resize': (model, dice) => {
    insert(model, dice, (value, constant) => ({
      op_type: dice.pick(['Resize', 'Resize', 'Upsample']),
      input: [
        value,
        dice.chance(0.5) ? '' : constant(float32s('', [0], () => 0)),
        dice.chance(0.5) ? '' : constant(float32s('', [dice.pick([0, 3, 4])], () => hostileFloat(dice))),
        ...(dice.chance(0.5) ? [constant(int64s('', hostileInts(dice, 4)))] : []),
      ],
      attribute: [attrText('mode', dice.pick(['nearest', 'linear', '?']))],
    }));
  },
  'quantized island': (model, dice) => {
    insert(model, dice, (value, constant) => ({
      op_type: dice.pick(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear', 'QLinearMatMul']),
      input: [value, constant(float32s('', dice.pick([[], [0], [3]]), () => hostileFloat(dice)))],
      attribute: [attrInt('axis', hostileInt(dice))],
    }));
  },
  'huge fill': (model, dice) => {
    insert(model, dice, (value, constant) => ({
      op_type: dice.pick(['Add', 'Concat', 'Where', 'MatMul', 'Reshape', 'Expand', 'Gather']),
      input: [value, bomb(model, dice, constant)],
      attribute: [attrInt('axis', 0)],
    }));
  },
  'doubling chain': (model, dice) => {
    const kind = dice.pick(['Concat', 'Tile', 'Add', 'Expand', 'Pad']);
    insert(model, dice, (value, constant) => {
      let last = constant(kind === 'Expand' ? float32s('', [1], () => 1) : int64s('', ['1', '2']));
      const chain: Proto[] = [];
      for (let i = 0; i < 60; i++) {
        const next = `double ${i}`;
        const input =
          kind === 'Concat' || kind === 'Add'
            ? [last, last]
            : [
                last,
                constant(
                  int64s(
                    '',
                    kind === 'Expand'
                      ? [String(2 ** Math.min(i, 52))]
                      : ['2', ...(kind === 'Pad' ? ['2'] : [])],
                  ),
                ),
              ];
        const attribute = kind === 'Concat' ? [attrInt('axis', 0)] : [];
        chain.push({ op_type: kind, input, output: [next], attribute });
        last = next;
      }
      list(graphOf(model), 'node').unshift(...chain);
      return { op_type: 'Reshape', input: [value, last] };
    });
  },
};

/** The name of a value that is 10^12 elements or so when somebody computes it. */
function bomb(model: Proto, dice: Dice, constant: (tensor: Proto) => string): string {
  const one = constant(float32s('', [1, 1], () => 1));
  const name = fresh(model, 'bomb');
  const pair = (): string =>
    constant(
      int64s(
        '',
        dice.pick([
          ['1000000', '1000000'],
          ['1', '67108864'],
          ['4096', '8192'],
          ['-1', '5'],
        ]),
      ),
    );
  const nodes: readonly Proto[] = [
    { op_type: 'ConstantOfShape', input: [pair()] },
    { op_type: 'Expand', input: [one, pair()] },
    { op_type: 'Tile', input: [one, pair()] },
    { op_type: 'Pad', input: [one, constant(int64s('', ['0', '0', '1000000', '1000000']))] },
    {
      op_type: 'Range',
      input: [
        constant(int64s('', ['0'], [])),
        constant(int64s('', [hostileInt(dice)], [])),
        constant(int64s('', ['1'], [])),
      ],
    },
    {
      op_type: 'Range',
      input: [0, 1, 2].map(() => constant(float32s('', [], () => hostileFloat(dice)))),
    },
    {
      op_type: dice.pick(['Add', 'Mul', 'MatMul', 'Equal']),
      input: [constant(float32s('', [20_000, 1], () => 1)), constant(float32s('', [1, 20_000], () => 1))],
    },
    {
      op_type: 'OneHot',
      input: [
        constant(int64s('', ['0', '1'])),
        constant(int64s('', ['1000000000000'], [])),
        constant(float32s('', [2], (i) => i)),
      ],
    },
    { op_type: 'Resize', input: [one, '', constant(float32s('', [2], () => 1e6))] },
    { op_type: 'RandomNormal', input: [], attribute: [attrInts('shape', ['1000000', '1000000'])] },
    {
      op_type: 'Constant',
      input: [],
      attribute: [attrTensor('value', { dims: ['1000000', '1000000'], data_type: 1 })],
    },
    { op_type: 'EyeLike', input: [pair()] },
  ];
  list(graphOf(model), 'node').unshift({ ...dice.pick(nodes), output: [name] });
  return name;
}

function oddInts(dice: Dice): [string[], string[] | undefined] {
  const values = hostileInts(dice);
  return [values, values.length === 1 && dice.chance(0.5) ? [] : undefined];
}

function fresh(model: Proto, base: string): string {
  const taken = new Set(valuesOf(graphOf(model)));
  let serial = 0;
  while (taken.has(`${base} ${serial}`)) serial++;
  return `${base} ${serial}`;
}

/** Puts a node between a value and who reads it. */
function insert(
  model: Proto,
  dice: Dice,
  make: (value: string, constant: (tensor: Proto) => string) => Proto,
): void {
  const graph = graphOf(model);
  const nodes = list(graph, 'node');
  const readers = nodes.filter((n) => strings(n, 'input').length > 0);
  if (readers.length === 0) return;
  const reader = dice.pick(readers);
  const inputs = strings(reader, 'input');
  const at = dice.chance(0.7) ? 0 : dice.int(inputs.length);
  const constant = (tensor: Proto): string => {
    const name = fresh(model, 'constant');
    list(graph, 'initializer').push({ ...tensor, name });
    return name;
  };
  const node = make(inputs[at]!, constant);
  const output = fresh(model, 'inserted');
  inputs[at] = output;
  nodes.splice(Math.max(0, nodes.indexOf(reader)), 0, { ...node, output: [output] });
}
