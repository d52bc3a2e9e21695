/** A graph with codes in it, whoever wrote it: who makes and reads what, what is constant, which parameters codes have. */
import { OctavoError } from '../base/errors.ts';
import type { DType, Graph, Node, QuantParams, Tensor } from '../ir/index.ts';
import {
  constantOf,
  dtypeFromOnnx,
  intAttr,
  isOnnxDomain,
  isQuantizedDType,
  tensorAttr,
  toScale,
  toZeroPoint,
} from '../ir/index.ts';
import { declaredRule } from '../quantize/eligible.ts';
import type { Readers } from '../quantize/readers.ts';
import { readersOf } from '../quantize/readers.ts';
import { isDequantize, isQuantize, qlinearForm } from './qlinear-forms.ts';

/** Scales of more slices than this are those of blocks: they are not read. */
const mostScales = 1 << 16;
/** Operators walked through in a row: only a hostile file has more that do nothing but move values. */
const longestWalk = 64;

export class Int8Graph {
  readonly graph: Graph;
  readonly readers: Readers;
  readonly #makers = new Map<string, Node>();
  readonly #params = new Map<Node, QuantParams | undefined>();
  readonly #constant = new Map<string, boolean>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.readers = readersOf(graph);
    for (const node of graph.nodes)
      for (const name of node.outputs) if (name !== '') this.#makers.set(name, node);
    // In graph order, so that a chain of any length needs no recursion.
    for (const node of graph.nodes) {
      const fixed =
        node.op === 'Constant' ||
        (node.inputs.length > 0 &&
          (isQuantize(node) || isDequantize(node) || passesOn(node)) &&
          node.inputs.every((name) => name === '' || this.isConstant(name)));
      for (const name of node.outputs) this.#constant.set(name, fixed);
    }
  }

  maker(value: string): Node | undefined {
    return this.#makers.get(value);
  }

  /** Stored in the file, as it is or as codes. */
  isConstant(value: string): boolean {
    return this.#constant.get(value) ?? constantOf(this.graph, value) !== undefined;
  }

  /** The stored tensor behind a constant: codes where it is stored as codes. */
  stored(value: string): Tensor | undefined {
    let name = value;
    for (let i = 0; i < longestWalk; i++) {
      const tensor = constantOf(this.graph, name);
      if (tensor !== undefined) return tensor;
      const maker = this.maker(name);
      if (maker === undefined || !this.isConstant(name)) return undefined;
      if (maker.op === 'Constant') return tensorAttr(maker, 'value');
      name = maker.inputs[0] ?? '';
    }
    return undefined;
  }

  /** Parameters of codes: stated by who makes or who reads them. Undefined where they are computed, or by blocks. */
  paramsOf(codes: string): QuantParams | undefined {
    let name = codes;
    for (let i = 0; i < longestWalk; i++) {
      const maker = this.maker(name);
      if (maker !== undefined && isQuantize(maker)) return this.statedBy(maker);
      const reader = this.readers.of(name).find((n) => isDequantize(n) && n.inputs[0] === name);
      if (reader !== undefined) return this.statedBy(reader);
      if (maker === undefined) return undefined;
      const at = qlinearForm(maker)?.scale;
      if (at !== undefined) return this.#read(maker, [maker.inputs[at], maker.inputs[at + 1]], undefined);
      if (!passesOn(maker)) return undefined;
      name = maker.inputs[0] ?? '';
    }
    return undefined;
  }

  /** Parameters that a QuantizeLinear or DequantizeLinear states. */
  statedBy(node: Node): QuantParams | undefined {
    if (!this.#params.has(node)) {
      const params =
        intAttr(node, 'block_size', 0) > 0
          ? undefined
          : this.#read(node, [node.inputs[1], node.inputs[2]], this.codesDType(node));
      this.#params.set(node, params);
    }
    return this.#params.get(node);
  }

  /** Of the codes on one side of a QuantizeLinear or DequantizeLinear. */
  codesDType(node: Node): DType | undefined {
    const zero = this.stored(node.inputs[2] ?? '');
    if (zero !== undefined) return zero.dtype;
    if (isQuantize(node)) {
      const code = intAttr(node, 'output_dtype', 0);
      return code === 0 ? 'uint8' : dtypeFromOnnx(code);
    }
    const codes = node.inputs[0] ?? '';
    const maker = this.maker(codes);
    return (
      this.stored(codes)?.dtype ??
      (maker !== undefined && isQuantize(maker) ? this.codesDType(maker) : undefined)
    );
  }

  #read(
    node: Node,
    [scaleName, zeroName]: readonly (string | undefined)[],
    fallback: DType | undefined,
  ): QuantParams | undefined {
    const scale = this.stored(scaleName ?? '');
    const zero = this.stored(zeroName ?? '');
    if (scale === undefined || scale.size === 0 || scale.size > mostScales || scale.dims.length > 1)
      return undefined;
    const dtype = zero?.dtype ?? fallback;
    if (dtype === undefined || !isQuantizedDType(dtype)) return undefined;
    try {
      const scales = scale.toNumbers().map((s) => toScale(s, node.name));
      const zeros = zero === undefined ? scales.map(() => 0) : zero.toNumbers();
      if (zeros.length !== scales.length) return undefined;
      const zeroPoints = zeros.map((z) => toZeroPoint(z, dtype, node.name));
      return {
        dtype,
        scales,
        zeroPoints,
        ...(scales.length === 1 ? {} : { axis: intAttr(node, 'axis', 1) }),
      };
    } catch (error) {
      if (error instanceof OctavoError) return undefined;
      throw error;
    }
  }
}

/** Gives on what it reads: values moved, renamed or cast, none computed. */
export function passesOn(node: Node): boolean {
  if (!isOnnxDomain(node.domain)) return false;
  if (node.op === 'Identity' || node.op === 'Cast' || node.op === 'Dropout') return true;
  const rule = declaredRule(node);
  return rule?.kind === 'shared' && rule.data !== 'all' && rule.data.length === 1 && rule.data[0] === 0;
}
