/** Mutations of attributes: wrong types, counts and values, on nodes that have them and nodes that should not. */
import type { Dice } from './dice.ts';
import type { Mutators } from './mutate-graph.ts';
import type { Proto } from './proto.ts';
import {
  attrFloat,
  attrInt,
  attrInts,
  attrTensor,
  attrText,
  cloneProto,
  hostileFloat,
  hostileInt,
  hostileInts,
  hostileName,
  int64s,
  list,
  someNode,
} from './proto.ts';

const intNames = [
  ...[
    'axis',
    'group',
    'transA',
    'transB',
    'ceil_mode',
    'keepdims',
    'allowzero',
    'count_include_pad',
    'to',
    'dtype',
  ],
  ...['blocksize', 'exclusive', 'select_last_index', 'batch_dims', 'num_outputs', 'start', 'end', 'spatial'],
  ...['hidden_size', 'noop_with_empty_axes', 'broadcast', 'training_mode', 'storage_order', 'is_test'],
];
const intsNames = [
  ...[
    'pads',
    'strides',
    'dilations',
    'kernel_shape',
    'output_shape',
    'output_padding',
    'axes',
    'perm',
    'split',
  ],
  ...['shape', 'starts', 'ends', 'value_ints', 'scales', 'repeats', 'sizes'],
];
const floatNames = [
  'alpha',
  'beta',
  'epsilon',
  'momentum',
  'min',
  'max',
  'ratio',
  'value_float',
  'value',
  'gamma',
];
const textNames: readonly (readonly [string, readonly string[]])[] = [
  ['auto_pad', ['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET', 'same', '']],
  ['mode', ['linear', 'nearest', 'cubic', 'constant', 'edge', 'reflect', 'wrap', 'DCR', 'CRD', '']],
  ['equation', ['ij,jk->ik', '...i,...i->...', 'iiiii->i', `${'i'.repeat(3000)}->i`, '->', ',,,', 'ij->ijk']],
  ['coordinate_transformation_mode', ['asymmetric', 'align_corners', 'half_pixel', '?']],
  ['nearest_mode', ['floor', 'ceil', 'round_prefer_floor', '?']],
  ['approximate', ['none', 'tanh', '?']],
];

export const attributeMutators: Mutators = {
  'attribute value': (model, dice) => {
    const attribute = someAttribute(model, dice);
    if (attribute === undefined) return;
    if (attribute.ints !== undefined) hostileList(attribute, dice);
    else if (attribute.i !== undefined) attribute.i = hostileInt(dice);
    else if (attribute.f !== undefined) attribute.f = hostileFloat(dice);
    else if (attribute.floats !== undefined) attribute.floats = [hostileFloat(dice), hostileFloat(dice)];
    else if (attribute.s !== undefined) attribute.s = new TextEncoder().encode(hostileName(dice));
  },
  'window attribute': (model, dice) => {
    const node = someNode(model, dice);
    if (node === undefined) return;
    const rank = dice.pick([1, 2, 2, 2, 3]);
    const name = dice.pick([
      'pads',
      'strides',
      'dilations',
      'kernel_shape',
      'output_padding',
      'output_shape',
    ]);
    setAttribute(node, attrInts(name, hostileInts(dice, name === 'pads' ? 2 * rank : rank)));
  },
  'one of a list': (model, dice) => {
    const attribute = someAttribute(model, dice, (a) => Array.isArray(a.ints) && a.ints.length > 0);
    if (attribute === undefined) return;
    const ints = [...(attribute.ints as unknown[])];
    ints[dice.int(ints.length)] = hostileInt(dice);
    attribute.ints = ints;
  },
  'attribute added': (model, dice) => {
    const node = someNode(model, dice);
    if (node !== undefined) setAttribute(node, oddAttribute(dice));
  },
  'attribute twice': (model, dice) => {
    const node = someNode(model, dice);
    const attributes = node === undefined ? [] : list(node, 'attribute');
    if (attributes.length > 0) attributes.push(cloneProto(dice.pick(attributes)));
  },
  'attribute gone': (model, dice) => {
    const node = someNode(model, dice);
    const attributes = node === undefined ? [] : list(node, 'attribute');
    if (attributes.length > 0) attributes.splice(dice.int(attributes.length), 1);
  },
  'attribute of another type': (model, dice) => {
    const attribute = someAttribute(model, dice);
    if (attribute === undefined) return;
    const { name } = attribute;
    for (const key of Object.keys(attribute)) delete attribute[key];
    Object.assign(attribute, dice.pick(otherTypes(String(name), dice)));
  },
  'attribute type code': (model, dice) => {
    const attribute = someAttribute(model, dice);
    if (attribute !== undefined) attribute.type = dice.int(16);
  },
  'attribute refers to a function': (model, dice) => {
    const attribute = someAttribute(model, dice);
    if (attribute !== undefined) attribute.ref_attr_name = 'alpha';
  },
};

function someAttribute(
  model: Proto,
  dice: Dice,
  wanted: (attribute: Proto) => boolean = () => true,
): Proto | undefined {
  // Many nodes have none: a few tries find one.
  for (let tries = 0; tries < 8; tries++) {
    const node = someNode(model, dice);
    const attributes = node === undefined ? [] : list(node, 'attribute').filter(wanted);
    if (attributes.length > 0) return dice.pick(attributes);
  }
  return undefined;
}

function setAttribute(node: Proto, attribute: Proto): void {
  node.attribute = [...list(node, 'attribute').filter((a) => a.name !== attribute.name), attribute];
}

function hostileList(attribute: Proto, dice: Dice): void {
  const { length } = attribute.ints as unknown[];
  attribute.ints = hostileInts(dice, dice.chance(0.6) ? length : dice.pick([0, 1, 2, 3, 5, 64, 5000]));
}

function oddAttribute(dice: Dice): Proto {
  switch (dice.int(4)) {
    case 0:
      return attrInt(dice.pick(intNames), hostileInt(dice));
    case 1:
      return attrInts(dice.pick(intsNames), hostileInts(dice));
    case 2:
      return attrFloat(dice.pick(floatNames), hostileFloat(dice));
    default: {
      const [name, texts] = dice.pick(textNames);
      return attrText(name, dice.pick(texts));
    }
  }
}

function otherTypes(name: string, dice: Dice): readonly Proto[] {
  return [
    attrInt(name, hostileInt(dice)),
    attrInts(name, hostileInts(dice)),
    attrFloat(name, hostileFloat(dice)),
    { name, type: 6, floats: [hostileFloat(dice), hostileFloat(dice)] },
    attrText(name, hostileName(dice)),
    { name, type: 8, strings: [new Uint8Array(3), new Uint8Array(0)] },
    attrTensor(name, int64s('', hostileInts(dice))),
    { name, type: 5, g: { name: 'g', output: [{ name: 'y' }] } },
    { name, type: 10, graphs: [{ name: 'g' }, { name: 'g' }] },
    { name, type: 9, tensors: [int64s('', ['1'])] },
    { name },
  ];
}
