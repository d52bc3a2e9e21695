/**
 * How each value lies in memory. Codes near convolutions lie channels last, with the padding of their readers around them; rows
 * of matrix products have room for whole panels; everything else is dense in ONNX's order.
 */
import type { Node } from '../ir/index.ts';
import { intAttr } from '../ir/index.ts';
import { stridesOf } from '../ops/broadcast.ts';
import type { Halo, Lowering } from './lowering/lowering.ts';
import { isTable } from './lowering/table.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';

export type Layout =
  | { readonly kind: 'dense' }
  /** The last axis has room for a multiple of eight. */
  | { readonly kind: 'rows' }
  /** `pixel`: bytes from one to the next. */
  | { readonly kind: 'channels-last'; readonly halo: Halo; readonly pixel: number };

/** Strides in bytes, where element 0 lies, and the bytes of the whole. */
export interface Extent {
  readonly strides: readonly number[];
  readonly start: number;
  readonly bytes: number;
}

const none: Halo = { top: 0, left: 0, bottom: 0, right: 0 };
const panel = 8;
const narrowPixel = 4;

function channelRoom(channels: number): number {
  return Math.ceil(channels / panel) * panel;
}

export function elementBytes({ dtype, quant }: Pick<ReadyValue, 'dtype' | 'quant'>): number {
  if (quant !== undefined || dtype === 'uint8' || dtype === 'bool' || dtype === 'int8') return 1;
  return dtype === 'int64' ? 8 : 4;
}

export function extentOf(value: ReadyValue, layout: Layout): Extent {
  const { dims } = value;
  const size = elementBytes(value);
  if (layout.kind === 'channels-last') return imageExtent(dims, layout);
  const room = [...dims];
  if (layout.kind === 'rows') room[room.length - 1] = channelRoom(dims.at(-1)!);
  const strides = stridesOf(room).map((s) => s * size);
  return { strides, start: 0, bytes: room.reduce((n, d) => n * d, size) };
}

function imageExtent(
  dims: readonly number[],
  { halo: { top, left, bottom, right }, pixel }: Layout & { kind: 'channels-last' },
): Extent {
  const n = dims[0]!;
  const [h, w] = dims.length === 4 ? [dims[2]!, dims[3]!] : [1, dims[2]!];
  const row = (left + w + right) * pixel;
  const image = (top + h + bottom) * row;
  const spatial = dims.length === 4 ? [row, pixel] : [pixel];
  return { strides: [image, 1, ...spatial], start: top * row + left * pixel, bytes: n * image };
}

export type LoweringOf = (node: Node) => Lowering | undefined;

/** Of every value that is no constant. */
export function layOutValues(graph: ReadyGraph, loweringOf: LoweringOf): ReadonlyMap<string, Layout> {
  const groups = new Groups();
  const images = new Set<string>();
  const isImage = (name: string): boolean => {
    if (name === '' || graph.doors.has(name)) return false;
    const { quant, dims, constant } = graph.value(name);
    return quant !== undefined && constant === undefined && (dims.length === 3 || dims.length === 4);
  };
  for (const node of graph.nodes) {
    const values = [...node.inputs, ...node.outputs].filter(isImage);
    if (loweringOf(node)?.layout === 'channels-last') {
      for (const name of [node.inputs[0]!, node.outputs[0]!]) if (isImage(name)) images.add(name);
    }
    if (keepsPlaces(node, graph)) for (const name of values) groups.join(values[0]!, name);
  }
  const roots = new Set([...images].map((name) => groups.rootOf(name)));
  const halos = halosOf(graph, loweringOf);
  const narrow = narrowImages(graph, loweringOf);
  const layouts = new Map<string, Layout>();
  const lay = (name: string): void => {
    if (isImage(name) && roots.has(groups.rootOf(name)))
      layouts.set(name, {
        kind: 'channels-last',
        halo: halos.get(name) ?? none,
        pixel: narrow.has(name) ? narrowPixel : channelRoom(graph.value(name).dims[1]!),
      });
    else layouts.set(name, { kind: 'dense' });
  };
  for (const { name } of graph.inputs) lay(name);
  for (const node of graph.nodes)
    for (const name of node.outputs) {
      if (name === '') continue;
      lay(name);
      if (isProduct(node) && layouts.get(name)!.kind === 'dense' && graph.value(name).dims.length > 0)
        layouts.set(name, { kind: 'rows' });
    }
  return layouts;
}

/** Pictures: quantized here, of few channels, and read only by lowerings that take pixels of four bytes. */
function narrowImages(graph: ReadyGraph, loweringOf: LoweringOf): ReadonlySet<string> {
  const narrow = new Set<string>();
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    const makesCodes = node.op === 'QuantizeLinear' || isTable(node);
    if (!makesCodes || name === undefined || name === '') continue;
    const channels = graph.value(name).dims[1] ?? 0;
    if (channels > 0 && channels <= narrowPixel && !graph.outputs.some((port) => port.name === name))
      narrow.add(name);
  }
  for (const node of graph.nodes)
    for (const [i, name] of node.inputs.entries())
      if (i !== 0 || loweringOf(node)?.narrow?.(node) !== true) narrow.delete(name);
  return narrow;
}

const products: ReadonlySet<string> = new Set(['MatMul', 'Gemm']);
const isProduct = (node: Node): boolean => products.has(node.op);

/** Operators whose elements have their counterparts at the same place, or at another of the same axes. */
function keepsPlaces(node: Node, graph: ReadyGraph): boolean {
  if (node.op === 'Transpose' || isProduct(node)) return false;
  const [first, made] = [node.inputs[0], node.outputs[0]];
  if (first === undefined || first === '' || made === undefined || made === '') return false;
  const [from, to] = [graph.value(first).dims, graph.value(made).dims];
  if (from.length !== to.length) return false;
  // The channel axis must stay what it is: a Reshape of one rank to the same says nothing of it.
  return node.op !== 'Reshape' || from.every((d, i) => d === to[i]);
}

function halosOf(graph: ReadyGraph, loweringOf: LoweringOf): ReadonlyMap<string, Halo> {
  const halos = new Map<string, Halo>();
  for (const node of graph.nodes) {
    const name = node.inputs[0];
    if (name === undefined || name === '') continue;
    const halo = loweringOf(node)?.halo?.({
      node,
      opset: graph.opsetOf(node),
      inputs: node.inputs.map((input) => (input === '' ? undefined : graph.value(input).dims)),
      constant: (index) => graph.value(node.inputs[index]!).constant,
    });
    if (halo !== undefined) halos.set(name, widest(halos.get(name) ?? none, halo));
  }
  // What becomes a slice of a joined value takes the padding of the whole, and the other way round.
  for (const node of graph.nodes) {
    if (!isChannelConcat(node)) continue;
    const parts = [...node.inputs, ...node.outputs];
    const halo = parts.map((name) => halos.get(name) ?? none).reduce(widest);
    for (const name of parts) halos.set(name, halo);
  }
  return halos;
}

export function isChannelConcat(node: Node): boolean {
  return node.op === 'Concat' && intAttr(node, 'axis', 0) === 1;
}

function widest(a: Halo, b: Halo): Halo {
  return {
    top: Math.max(a.top, b.top),
    left: Math.max(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom),
    right: Math.max(a.right, b.right),
  };
}

/** Union-find over names. */
class Groups {
  readonly #parents = new Map<string, string>();

  rootOf(name: string): string {
    let root = name;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    if (root !== name) this.#parents.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [from, to] = [this.rootOf(a), this.rootOf(b)];
    if (from !== to) this.#parents.set(from, to);
  }
}
