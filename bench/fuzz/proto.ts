/** Messages of a model as plain objects (test/support/onnx-proto.ts), and the pieces that mutations put into them. */
import type { Proto } from '../../test/support/onnx-proto.ts';
import type { Dice } from './dice.ts';

export type { Proto };

/** Long lists of numbers and bytes are shared, never changed in place: a weight is copied only into the new file. */
export function cloneProto<T>(value: T): T {
  if (Array.isArray(value))
    return (
      typeof value[0] === 'object' ? value.map(cloneProto) : value.length < 64 ? [...value] : value
    ) as T;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) copy[key] = cloneProto(part);
  return copy as T;
}

/** A repeated field, made when it is not there. */
export function list<T = Proto>(message: Proto, field: string): T[] {
  if (!Array.isArray(message[field])) message[field] = [];
  return message[field] as T[];
}

export function graphOf(model: Proto): Proto {
  if (typeof model.graph !== 'object') model.graph = { name: 'main' };
  return model.graph as Proto;
}

/** The main graph or, sometimes, one inside a node. */
export function someGraph(model: Proto, dice: Dice): Proto {
  let graph = graphOf(model);
  for (let depth = 0; depth < 4 && dice.chance(0.5); depth++) {
    const inner = list(graph, 'node').flatMap((node) =>
      ((node.attribute ?? []) as Proto[]).flatMap((a) => (a.g === undefined ? [] : [a.g as Proto])),
    );
    if (inner.length === 0) break;
    graph = dice.pick(inner);
  }
  return graph;
}

export function someNode(model: Proto, dice: Dice): Proto | undefined {
  const nodes = list(someGraph(model, dice), 'node');
  return nodes.length === 0 ? undefined : dice.pick(nodes);
}

export const strings = (message: Proto, field: string): string[] => list<string>(message, field);

/** Value names of a graph. */
export function valuesOf(graph: Proto): readonly string[] {
  const names = new Set<string>();
  for (const port of list(graph, 'input')) names.add(String(port.name ?? ''));
  for (const tensor of list(graph, 'initializer')) names.add(String(tensor.name ?? ''));
  for (const node of list(graph, 'node')) for (const name of strings(node, 'output')) names.add(name);
  names.delete('');
  return [...names];
}

const tame = ['0', '1', '1', '2', '3', '4', '-1', '-2', '7'] as const;
const wild = [
  ...['0', '-1', '1', '64', '255', '1000', '65536', '1000000', '2147483647', '2147483648', '-2147483648'],
  ...['4294967296', '1000000000000', '9007199254740991', '9007199254740993', '4611686018427387904'],
  ...['9223372036854775807', '-9223372036854775808'],
] as const;

/** A whole number as text: small ones half of the time, else at an edge of some type. */
export const hostileInt = (dice: Dice): string => dice.pick(dice.chance(0.5) ? tame : wild);

export const hostileInts = (dice: Dice, length = dice.pick([0, 1, 1, 2, 2, 3, 4, 4, 4, 8, 70])): string[] =>
  Array.from({ length }, () => hostileInt(dice));

const floats = [0, -0, 1, -1, 0.5, 1e-45, 1e-30, 3.4e38, -3.4e38, Number.NaN, Infinity, -Infinity, 1e9];
export const hostileFloat = (dice: Dice): number => dice.pick(floats);

export const hostileName = (dice: Dice): string =>
  dice.pick([
    '',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(dice.pick([300, 100_000])),
    'a\u0000b',
    'ä/…:"\\\n',
    '%',
    '{}',
  ]);

export const int64s = (
  name: string,
  values: readonly (string | number)[],
  dims?: readonly unknown[],
): Proto => ({
  name,
  data_type: 7,
  dims: dims ?? [values.length],
  int64_data: [...values],
});

export function float32s(name: string, dims: readonly number[], at: (i: number) => number): Proto {
  const count = dims.reduce((n, d) => n * d, 1);
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = at(i);
  return { name, data_type: 1, dims: [...dims], raw_data: new Uint8Array(data.buffer) };
}

export const attrInt = (name: string, i: string | number): Proto => ({ name, type: 2, i });
export const attrInts = (name: string, ints: readonly (string | number)[]): Proto => ({
  name,
  type: 7,
  ints: [...ints],
});
export const attrFloat = (name: string, f: number): Proto => ({ name, type: 1, f });
export const attrText = (name: string, text: string): Proto => ({
  name,
  type: 3,
  s: new TextEncoder().encode(text),
});
export const attrTensor = (name: string, t: Proto): Proto => ({ name, type: 4, t });
export const attrGraph = (name: string, g: Proto): Proto => ({ name, type: 5, g });
