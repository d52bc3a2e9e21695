/** A ready graph to calls of kernels in memory that is not planned yet: views of values, the order of the work. */
import { UnsupportedError } from '../base/errors.ts';
import type { Node, Port } from '../ir/index.ts';
import { cannotEvaluate } from '../ops/elements.ts';
import type { Slice } from './concat-slices.ts';
import { slicesOf } from './concat-slices.ts';
import { fillBorder } from './kernels/fill-border.ts';
import type { Kernel } from './kernels/kernel.ts';
import type { Layout } from './layouts.ts';
import { extentOf, isChannelConcat, layOutValues } from './layouts.ts';
import { loweringOf } from './lowering/index.ts';
import type { Address, LowerContext, View } from './lowering/lowering.ts';
import { behind } from './lowering/lowering.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';
import { reshapedStrides } from './reshaped-strides.ts';
import type { ConstantStore } from './storage.ts';
import { ArenaBlocks } from './storage.ts';
import { elementOf, storedCodes, storedConstant } from './stored-values.ts';

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
  return lowererOf(graph, constants).run();
}

/** Where a shape is not known because the operator behind it is not, that operator is the one to name. */
function lowererOf(graph: ReadyGraph, constants: ConstantStore): Lowerer {
  try {
    return new Lowerer(graph, constants);
  } catch (error) {
    const unknown = graph.nodes.filter((node) => loweringOf(node) === undefined);
    if (unknown.length === 0 || !(error instanceof UnsupportedError)) throw error;
    throw withoutKernels(unknown.map(withoutKernel));
  }
}

class Lowerer {
  readonly #graph: ReadyGraph;
  readonly #constants: ConstantStore;
  readonly #layouts: ReadonlyMap<string, Layout>;
  readonly #arena = new ArenaBlocks();
  readonly #views = new Map<string, View>();
  readonly #calls: LoweredCall[] = [];
  readonly #slices: ReadonlyMap<string, Slice>;
  /** Whose work is under way. */
  #node = beforeTheFirst;

  constructor(graph: ReadyGraph, constants: ConstantStore) {
    this.#graph = graph;
    this.#constants = constants;
    this.#layouts = layOutValues(graph, loweringOf);
    this.#slices = slicesOf(graph, this.#layouts);
  }

  run(): LoweredGraph {
    const { inputs, outputs, nodes } = this.#graph;
    const problems: UnsupportedError[] = [];
    const inputViews = inputs.map((port) => [port, this.#make(port.name)] as const);
    for (const [, view] of inputViews) this.#arena.use(view.at, -1);
    for (const node of nodes) {
      try {
        this.#lower(node);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        problems.push(error);
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
    if (lowering === undefined) throw withoutKernel(node);
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

  #fillBorder(
    block: Address,
    view: View,
    { halo, pixel }: Layout & { kind: 'channels-last' },
    bytes: number,
  ): void {
    if (halo.top + halo.left + halo.bottom + halo.right === 0 || bytes === 0) return;
    const { dims, strides } = view;
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
    this.#call(this.#node, fillBorder, params, dims[0]!);
  }

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
    this.#node = node;
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
        throw cannotEvaluate(node, what, remedy);
      },
    };
  }
}

/** The padding around an input of the graph is nobody's work. */
const beforeTheFirst: Node = {
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

const remedy = 'Run the model with onnxruntime';

function withoutKernel(node: Node): UnsupportedError {
  return cannotEvaluate(node, 'there is no kernel for the operator', remedy);
}

/** All of them at once: who fixes a model wants the whole list. */
function withoutKernels(problems: readonly UnsupportedError[]): UnsupportedError {
  const shown = problems.slice(0, 10).map(({ where, what }) => `${where}: ${what}`);
  const more = problems.length - shown.length;
  const [first] = problems;
  return new UnsupportedError({
    where: problems.length === 1 ? first!.where : `${problems.length} nodes`,
    what:
      problems.length === 1
        ? first!.what
        : `they cannot be compiled: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    remedy: `${remedy}, or cut it in front of these nodes`,
  });
}
