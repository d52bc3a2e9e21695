/** Node attributes: a tagged value each, with readers that check the tag and name the node when it is wrong. */
import type { ByteRange } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import type { Graph, Node } from './graph.ts';
import type { Tensor } from './tensor.ts';

export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Tensor[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  /** Inside a function: the value of the function's own attribute of that name. */
  | { readonly type: 'reference'; readonly value: string }
  /** Sparse tensors, type protos: the AttributeProto's bytes, carried verbatim. */
  | { readonly type: 'opaque'; readonly value: ByteRange };

export type Attributes = ReadonlyMap<string, Attribute>;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export const attr = {
  float: (value: number): Attribute => ({ type: 'float', value: Math.fround(value) }),
  int: (value: number | bigint): Attribute => ({ type: 'int', value: BigInt(value) }),
  string: (value: string): Attribute => ({ type: 'string', value: utf8.encode(value) }),
  tensor: (value: Tensor): Attribute => ({ type: 'tensor', value }),
  floats: (value: readonly number[]): Attribute => ({ type: 'floats', value: value.map(Math.fround) }),
  ints: (value: readonly (number | bigint)[]): Attribute => ({ type: 'ints', value: value.map(BigInt) }),
};

/** Builds an attribute map, leaving out undefined entries. */
export function attributes(entries: Readonly<Record<string, Attribute | undefined>>): Attributes {
  return new Map(Object.entries(entries).filter((e): e is [string, Attribute] => e[1] !== undefined));
}

type Values = { [A in Attribute as A['type']]: A['value'] };

function read<T extends Attribute['type']>(node: Node, name: string, type: T): Values[T] | undefined {
  const attribute = node.attributes.get(name);
  if (attribute === undefined) return undefined;
  if (attribute.type !== type)
    throw new OctavoError({
      code: 'INVALID_GRAPH',
      where: `node '${node.name}' (${node.op})`,
      what: `attribute '${name}' is of type ${attribute.type}, not ${type}`,
      remedy: 'Check the model with onnx.checker',
    });
  return attribute.value as Values[T];
}

/** int64 to number: exact to 2^53; beyond that (INT64_MAX as "to the end") the nearest double. */
export function intAttr(node: Node, name: string): number | undefined;
export function intAttr(node: Node, name: string, fallback: number): number;
export function intAttr(node: Node, name: string, fallback?: number): number | undefined {
  const value = read(node, name, 'int');
  return value === undefined ? fallback : Number(value);
}

export function intsAttr(node: Node, name: string): readonly number[] | undefined;
export function intsAttr(node: Node, name: string, fallback: readonly number[]): readonly number[];
export function intsAttr(
  node: Node,
  name: string,
  fallback?: readonly number[],
): readonly number[] | undefined {
  return read(node, name, 'ints')?.map(Number) ?? fallback;
}

export function floatAttr(node: Node, name: string): number | undefined;
export function floatAttr(node: Node, name: string, fallback: number): number;
export function floatAttr(node: Node, name: string, fallback?: number): number | undefined {
  return read(node, name, 'float') ?? fallback;
}

export function floatsAttr(node: Node, name: string): readonly number[] | undefined {
  return read(node, name, 'floats');
}

export function stringAttr(node: Node, name: string): string | undefined;
export function stringAttr(node: Node, name: string, fallback: string): string;
export function stringAttr(node: Node, name: string, fallback?: string): string | undefined {
  const value = read(node, name, 'string');
  return value === undefined ? fallback : fromUtf8.decode(value);
}

export function tensorAttr(node: Node, name: string): Tensor | undefined {
  return read(node, name, 'tensor');
}
