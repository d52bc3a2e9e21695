/** A ready graph to calls of kernels in memory that is not planned yet: views of values, the order of the work. */
import { UnsupportedError } from '../base/errors.ts';
import type { DType, Node, Port } from '../ir/index.ts';
import { isOnnxDomain } from '../ir/index.ts';
import { fillBorder } from './kernels/fill-border.ts';
import type { Kernel } from './kernels/kernel.ts';
import type { Layout } from './layouts.ts';
import { channelRoom, extentOf, isChannelConcat, layOutValues } from './layouts.ts';
import { loweringOf } from './lowering/index.ts';
import type { Address, LowerContext, StoredCodes, View } from './lowering/lowering.ts';
import { behind } from './lowering/lowering.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';
import type { ConstantStore } from './storage.ts';
import { ArenaBlocks } from './storage.ts';
import { storedConstant } from './stored-constant.ts';

export interface LoweredCall {
  readonly node: Node;
  readonly kernel: Kernel;
  readonly params: Readonly<Record<string, number | Address>>;
  readonly units: number;
  readonly macs: number | undefined;
}

export interface LoweredGraph {
  readonly graph: ReadyGraph;
  readonly calls: readonly LoweredCall[];
  readonly arena: ArenaBlocks;
  readonly inputs: readonly (readonly [Port, View])[];
  readonly outputs: readonly (readonly [Port, View])[];
}

/** Throws UNSUPPORTED naming every node without a kernel, before anything is made. */
export function lowerGraph(graph: ReadyGraph, constants: ConstantStore): LoweredGraph {
  return new Lowerer(graph, constants).run();
}

class Lowerer {
  readonly #graph: ReadyGraph;
  readonly #constants: ConstantStore;
  readonly #layouts: ReadonlyMap<string, Layout>;
  readonly #arena = new ArenaBlocks();
  readonly #views = new Map<string, View>();
  readonly #calls: LoweredCall[] = [];
  readonly #slices: ReadonlyMap<string, Slice>;

  constructor(graph: ReadyGraph, constants: ConstantStore) {
    this.#graph = graph;
    this.#constants = constants;
    this.#layouts = layOutValues(graph, loweringOf);
    this.#slices = slicesOf(graph, this.#layouts);
  }

  run(): LoweredGraph {
    const { inputs, outputs, nodes } = this.#graph;
    const problems: string[] = [];
    const inputViews = inputs.map((port) => [port, this.#make(port.name)] as const);
    for (const [, view] of inputViews) this.#arena.use(view.at, -1);
    for (const node of nodes) {
      try {
        this.#lower(node);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        problems.push(`${error.where}: ${error.what}`);
        for (const name of node.outputs) if (name !== '' && !this.#views.has(name)) this.#make(name);
      }
    }
    if (problems.length > 0) throw withoutKernels(problems);
    const outputViews = outputs.map((port) => [port, this.#viewOf(port.name)] as const);
    for (const [, view] of outputViews)
      if (view.at.space === 'arena') this.#arena.use(view.at, this.#calls.length);
    return {
      graph: this.#graph,
      calls: this.#calls,
      arena: this.#arena,
      inputs: inputViews,
      outputs: outputViews,
    };
  }

  #lower(node: Node): void {
    const lowering = loweringOf(node);
    if (lowering === undefined) throw unsupported(node, 'there is no kernel for the operator');
    if (
      isChannelConcat(node) &&
      node.inputs.every((name) => this.#slices.get(name)?.of === node.outputs[0])
    ) {
      this.#viewOf(node.outputs[0]!);
      return;
    }
    if (movesNothing.has(node.op) && this.#alias(node)) return;
    lowering.lower(this.#context(node));
  }

  /** Another shape of the same memory, where its strides can say it. */
  #alias(node: Node): boolean {
    const [from, to] = [this.#graph.value(node.inputs[0]!), this.#graph.value(node.outputs[0]!)];
    if (from.constant !== undefined || this.#slices.has(to.name)) return false;
    const layout = this.#layouts.get(to.name)!;
    const view = this.#viewOf(from.name);
    const codes = storedCodes(to);
    if (view.codes?.scale !== codes?.scale || view.codes?.zero !== codes?.zero) return false;
    const strides = reshapedStrides(view, to.dims);
    if (strides === undefined) return false;
    if (layout.kind === 'channels-last') {
      const own = extentOf(to, layout);
      // The padding of its readers must be there.
      if (own.start !== 0 || own.strides.some((s, i) => to.dims[i]! > 1 && s !== strides[i])) return false;
    }
    this.#views.set(to.name, { ...view, dims: to.dims, strides, codes });
    return true;
  }

  #viewOf(name: string): View {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    const value = this.#graph.value(name);
    if (value.constant === undefined) return this.#make(name);
    const { bytes, element, codes } = storedConstant(value.constant, value);
    const at = this.#constants.place(bytes, 16);
    const { strides } = extentOf(value, { kind: 'dense' });
    const view: View = { at, dims: value.dims, strides, element, codes };
    this.#views.set(name, view);
    return view;
  }

  /** Room for the value, as its layout says, or a slice of the value it becomes part of. */
  #make(name: string): View {
    const value = this.#graph.value(name);
    const slice = this.#slices.get(name);
    const view = slice === undefined ? this.#ownRoom(value) : this.#sliceOf(value, slice);
    this.#views.set(name, view);
    return view;
  }

  #sliceOf(value: ReadyValue, { of, channel }: Slice): View {
    const whole = this.#viewOf(of);
    return { ...whole, at: behind(whole.at, channel), dims: value.dims };
  }

  #ownRoom(value: ReadyValue): View {
    const layout = this.#layouts.get(value.name)!;
    const { strides, start, bytes } = extentOf(value, layout);
    const block = this.#arena.add(bytes);
    const view: View = {
      at: behind(block, start),
      dims: value.dims,
      strides,
      element: elementOf(value),
      codes: storedCodes(value),
    };
    if (layout.kind === 'channels-last') this.#fillBorder(block, view, layout, bytes);
    return view;
  }

  #fillBorder(block: Address, view: View, { halo }: Layout & { kind: 'channels-last' }, bytes: number): void {
    if (halo.top + halo.left + halo.bottom + halo.right === 0 || bytes === 0) return;
    const { dims, strides } = view;
    const pixel = channelRoom(dims[1]!);
    const rows = dims.length === 4 ? dims[2]! : 1;
    const pixels = dims.at(-1)! * pixel;
    const row = dims.length === 4 ? strides[2]! : strides[0]!;
    const params = {
      at: block,
      image: strides[0]!,
      head: view.at.offset,
      gap: row - pixels,
      tail: strides[0]! - view.at.offset - (rows - 1) * row - pixels,
      pixels,
      rows,
      code: view.codes!.zero,
    };
    this.#call(this.#current ?? borderOfInput, fillBorder, params, dims[0]!);
  }

  #current: Node | undefined;

  #call(
    node: Node,
    kernel: Kernel,
    params: Readonly<Record<string, number | Address>>,
    units: number,
    macs?: number,
  ): void {
    if (units === 0) return;
    for (const value of Object.values(params))
      if (typeof value === 'object' && value.space === 'arena') this.#arena.use(value, this.#calls.length);
    this.#calls.push({ node, kernel, params, units, macs });
  }

  #context(node: Node): LowerContext {
    this.#current = node;
    const valueAt = (index: number): ReadyValue => this.#graph.value(node.inputs[index]!);
    const has = (index: number): boolean => (node.inputs[index] ?? '') !== '';
    return {
      node,
      opset: this.#graph.opsetOf(node),
      inputCount: node.inputs.length,
      has,
      input: (index) => this.#viewOf(node.inputs[index]!),
      constant: (index) => (has(index) ? valueAt(index).constant : undefined),
      inputQuant: (index) => (has(index) ? valueAt(index).quant : undefined),
      outputQuant: (index) => this.#graph.value(node.outputs[index]!).quant,
      output: (index) => this.#viewOf(node.outputs[index]!),
      constants: (bytes, alignment = 16) => this.#constants.place(bytes, alignment),
      scratch: (bytes) => this.#arena.add(bytes),
      call: (kernel, params, units, work = {}) =>
        this.#call(node, kernel as unknown as Kernel, params, units, work.macs),
      refuse: (what) => {
        throw unsupported(node, what);
      },
    };
  }
}

/** Whose work the padding around a channels-last input is. */
const borderOfInput: Node = {
  name: 'input',
  op: 'Pad',
  domain: '',
  inputs: [],
  outputs: [],
  attributes: new Map(),
};

const movesNothing: ReadonlySet<string> = new Set([
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Identity',
  'Dropout',
]);

/** A value that lies in the memory of the Concat it goes into, from a channel on. */
interface Slice {
  readonly of: string;
  readonly channel: number;
}

function slicesOf(graph: ReadyGraph, layouts: ReadonlyMap<string, Layout>): ReadonlyMap<string, Slice> {
  const slices = new Map<string, Slice>();
  const free = new Set(graph.nodes.flatMap((node) => node.outputs));
  for (const { name } of graph.outputs) free.delete(name);
  for (const node of graph.nodes) {
    if (!isChannelConcat(node) || !isOnnxDomain(node.domain)) continue;
    const whole = graph.value(node.outputs[0]!);
    if (layouts.get(whole.name)?.kind !== 'channels-last' || slices.has(whole.name)) continue;
    const parts = node.inputs.map((name) => graph.value(name));
    const codes = storedCodes(whole)!;
    const fits = (part: ReadyValue, i: number): boolean => {
      const own = storedCodes(part);
      return (
        free.has(part.name) &&
        !slices.has(part.name) &&
        ![...slices.values()].some((s) => s.of === part.name) &&
        node.inputs.indexOf(part.name) === i &&
        layouts.get(part.name)?.kind === 'channels-last' &&
        own?.scale === codes.scale &&
        own.zero === codes.zero &&
        part.dims[1]! % 8 === 0
      );
    };
    if (!parts.every(fits)) continue;
    let channel = 0;
    for (const part of parts) {
      slices.set(part.name, { of: whole.name, channel });
      channel += part.dims[1]!;
    }
  }
  return slices;
}

/** Codes as they are stored; undefined for what is no codes. Throws UNSUPPORTED for other types than 8 bits, one scale. */
export function storedCodes({ name, quant }: ReadyValue): StoredCodes | undefined {
  if (quant === undefined) return undefined;
  const { dtype, scales, zeroPoints, axis } = quant;
  if (axis !== undefined || (dtype !== 'uint8' && dtype !== 'int8'))
    throw new UnsupportedError({
      where: `value '${name}'`,
      what: `activations of ${dtype}${axis === undefined ? '' : ' with a scale for each channel'} are not compiled`,
      remedy: 'Quantize with --target octavo',
    });
  return { scale: scales[0]!, zero: zeroPoints[0]! + (dtype === 'int8' ? 128 : 0) };
}

const elements: Readonly<Partial<Record<DType, View['element']>>> = {
  float32: 'f32',
  uint8: 'u8',
  bool: 'u8',
  int64: 'i64',
};

function elementOf({ name, dtype, quant }: ReadyValue): View['element'] {
  const element = quant === undefined ? elements[dtype] : 'u8';
  if (element === undefined)
    throw new UnsupportedError({
      where: `value '${name}'`,
      what: `values of ${dtype} are not compiled`,
      remedy: 'Convert them to float32 in the exporting tool',
    });
  return element;
}

/** Strides of the same elements under other dims, as numpy's reshape finds them; undefined where they would have to move. */
export function reshapedStrides(
  view: Pick<View, 'dims' | 'strides'>,
  dims: readonly number[],
): readonly number[] | undefined {
  const old = view.dims.map((d, i) => [d, view.strides[i]!] as const).filter(([d]) => d !== 1);
  const strides: number[] = [];
  let [taken, i] = [0, 0];
  for (let j = 0; j < dims.length; ) {
    if (dims[j] === 1) {
      strides.push(0);
      j++;
      continue;
    }
    // Axes [taken, i) of the old and [j, k) of the new hold the same number of elements.
    let k = j + 1;
    let [many, few] = [dims[j]!, 1];
    if (taken === old.length) return undefined;
    few = old[taken]![0];
    i = taken + 1;
    while (many !== few) {
      if (many < few) {
        if (k === dims.length) return undefined;
        many *= dims[k++]!;
      } else {
        if (i === old.length) return undefined;
        few *= old[i++]![0];
      }
    }
    for (let a = taken; a < i - 1; a++) if (old[a]![1] !== old[a + 1]![1] * old[a + 1]![0]) return undefined;
    let step = old[i - 1]![1];
    const made: number[] = [];
    for (let a = k - 1; a >= j; a--) {
      made.unshift(step);
      step *= dims[a]!;
    }
    strides.push(...made);
    [taken, j] = [i, k];
  }
  return taken === old.length ? strides : undefined;
}

function unsupported(node: Node, what: string): UnsupportedError {
  return new UnsupportedError({
    where: `node '${node.name}' (${node.op})`,
    what,
    remedy: 'Run the model with onnxruntime',
    op: node.op,
  });
}

/** All of them at once: who fixes a model wants the whole list. */
function withoutKernels(problems: readonly string[]): UnsupportedError {
  const shown = problems.slice(0, 10);
  const more = problems.length - shown.length;
  return new UnsupportedError({
    where: problems.length === 1 ? shown[0]!.slice(0, shown[0]!.indexOf(': ')) : `${problems.length} nodes`,
    what:
      problems.length === 1
        ? shown[0]!.slice(shown[0]!.indexOf(': ') + 2)
        : `they cannot be compiled: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    remedy: 'Run the model with onnxruntime, or cut it in front of these nodes',
  });
}
