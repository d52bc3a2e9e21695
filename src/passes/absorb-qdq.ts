/**
 * Reads DequantizeLinear -> operator -> QuantizeLinear as one quantized operator: the way back from `spellQdq`
 * (src/formats/onnx). Names are kept so that what Octavo wrote reads back to the graph it was written from.
 */
import type { DType, Model, Node, QuantParams } from '../ir/index.ts';
import {
  type Draft,
  intAttr,
  isOnnxDomain,
  isQuantizedDType,
  sameParams,
  shapeOf,
  toScale,
  toZeroPoint,
} from '../ir/index.ts';
import { contractOf } from '../ops/index.ts';
import { graphPass } from './pass.ts';

export const absorbQdq = graphPass(
  'absorb-qdq',
  'a quantized operator is one node, with its parameters on its values',
  (draft, model) => new Absorber(draft, model).run(),
);

class Absorber {
  readonly #draft: Draft;
  readonly #nodes: readonly Node[];
  readonly #stored: readonly string[];
  /** Codes in the file to their parameters. */
  readonly #params = new Map<string, QuantParams>();
  readonly #unsayable = new Set<string>();
  /** Codes in the file to the value they become in the IR. */
  readonly #renamed = new Map<string, string>();

  constructor(draft: Draft, model: Model) {
    this.#draft = draft;
    this.#nodes = model.graph.nodes;
    this.#stored = [...model.graph.initializers.keys()];
  }

  run(): void {
    for (const node of this.#nodes) if (isQuantize(node) || isDequantize(node)) this.#readParams(node);
    if (this.#params.size === 0) return;
    const absorbed = this.#nodes.filter((n) => this.#isSandwich(n));
    for (const node of absorbed)
      for (const output of node.outputs) {
        const quantize = this.#quantizerOf(output);
        if (quantize !== undefined) this.#renamed.set(quantize.outputs[0]!, output);
      }
    for (const codes of this.#renamed.keys()) this.#draft.remove(this.#draft.producer(codes)!);
    for (const node of absorbed)
      this.#draft.replace(node, { inputs: node.inputs.map((name) => this.#codesBehind(name)) });
    for (const node of this.#nodes) if (this.#draft.has(node)) this.#spareCrossing(node);
    // Stored codes in the order they are stored in, which is that of the graph they were spelled from.
    for (const codes of new Set([...this.#stored, ...this.#params.keys()])) {
      const quant = this.#params.get(codes);
      if (quant === undefined) continue;
      const shape = shapeOf(this.#draft.type(codes));
      this.#draft.setType(this.#renamed.get(codes) ?? codes, { kind: 'quantized', quant, shape });
    }
  }

  /** A crossing that stays says its parameters by the type of its codes. */
  #spareCrossing(node: Node): void {
    if (!isQuantize(node) && !isDequantize(node)) return;
    const codes = isQuantize(node) ? node.outputs[0]! : node.inputs[0]!;
    if (!this.#params.has(codes)) return;
    const data = isQuantize(node) ? node.inputs[0]! : (this.#renamed.get(codes) ?? codes);
    this.#draft.replace(node, { inputs: [data], attributes: new Map() });
  }

  #readParams(node: Node): void {
    const codes = isQuantize(node) ? node.outputs[0]! : node.inputs[0]!;
    // The type of an input is its port's: what the caller gives are codes, and who reads them says what they mean.
    if (this.#draft.isInput(codes)) return;
    const quant = this.#paramsOf(node);
    const known = this.#params.get(codes);
    // Codes of which one crossing cannot be said, or says something else than another, stay as they are.
    if (quant === undefined || (known !== undefined && !sameParams(known, quant))) this.#unsayable.add(codes);
    if (this.#unsayable.has(codes)) this.#params.delete(codes);
    else this.#params.set(codes, quant!);
  }

  /** Undefined for what the IR does not say this way: parameters that are computed, block-wise ones, odd types. */
  #paramsOf(node: Node): QuantParams | undefined {
    const scale = this.#draft.constant(node.inputs[1] ?? '');
    if (scale === undefined || scale.dtype !== 'float32' || scale.dims.length > 1) return undefined;
    if (intAttr(node, 'block_size', 0) !== 0 || node.attributes.has('precision')) return undefined;
    const zeroName = node.inputs[2] ?? '';
    const zero = zeroName === '' ? undefined : this.#draft.constant(zeroName);
    if (zeroName !== '' && zero === undefined) return undefined;
    const dtype = zero?.dtype ?? this.#codesDType(node);
    if (dtype === undefined || !isQuantizedDType(dtype)) return undefined;
    const where = `node '${node.name}'`;
    const values = [...scale.data('float32')];
    if (!values.every((s) => s > 0 && Number.isFinite(s))) return undefined;
    const scales = values.map((s) => toScale(s, where));
    const zeroPoints = zero === undefined ? scales.map(() => 0) : zero.toNumbers();
    if (zeroPoints.length !== scales.length) return undefined;
    return {
      dtype,
      scales,
      zeroPoints: zeroPoints.map((z) => toZeroPoint(z, dtype, where)),
      ...(scale.dims.length === 0 ? {} : this.#axis(node, scales.length)),
    };
  }

  /** A list of one scale is for the whole tensor, unless the axis has one slice. */
  #axis(node: Node, scales: number): { axis?: number } {
    const given = intAttr(node, 'axis', 1);
    const shape = shapeOf(this.#draft.type(node.inputs[0]!));
    const axis = given < 0 && shape !== undefined ? given + shape.length : given;
    return scales === 1 && shape?.[axis] !== 1 ? {} : { axis };
  }

  #codesDType(node: Node): DType | undefined {
    if (isQuantize(node)) return intAttr(node, 'output_dtype', 0) === 0 ? 'uint8' : undefined;
    const maker = this.#draft.producer(node.inputs[0]!);
    if (maker !== undefined && isQuantize(maker)) return this.#paramsOf(maker)?.dtype;
    const type = this.#draft.type(node.inputs[0]!);
    return type?.kind === 'tensor' ? type.dtype : undefined;
  }

  #isSandwich(node: Node): boolean {
    if (!isOnnxDomain(node.domain) || isQuantize(node) || isDequantize(node)) return false;
    const declared = contractOf(node)?.quantize;
    const rule = typeof declared === 'function' ? declared(node) : declared;
    if (rule === undefined || rule.kind === 'activation') return false;
    if (rule.kind === 'weighted')
      return node.inputs.every(
        (name, i) =>
          name === '' ||
          this.#dequantized(name) !== undefined ||
          // Some engines add biases in float.
          (i === rule.bias && this.#draft.constant(name) !== undefined),
      );
    const data = rule.data === 'all' ? node.inputs : rule.data.map((i) => node.inputs[i] ?? '');
    const inputs = data.filter((name) => name !== '').map((name) => this.#dequantized(name));
    const made = rule.kind === 'arithmetic' ? [0] : (rule.outputs ?? 'all');
    const outputs = node.outputs
      .filter((name, i) => (made === 'all' || made.includes(i)) && this.#isUsed(name))
      .map((name) => this.#quantizerOf(name)?.outputs[0]);
    if (outputs.length === 0 || inputs.length === 0) return false;
    if (inputs.includes(undefined) || outputs.includes(undefined)) return false;
    // With other parameters behind it than in front, an operator that moves values would have to compute.
    return (
      rule.kind === 'arithmetic' ||
      inputs.length > 1 ||
      outputs.every((codes) => this.#same(codes!, inputs[0]!))
    );
  }

  #isUsed(value: string): boolean {
    return value !== '' && (this.#draft.isOutput(value) || this.#draft.readers(value).length > 0);
  }

  #same(a: string, b: string): boolean {
    return sameParams(this.#params.get(a)!, this.#params.get(b)!);
  }

  /** The codes behind a value that a DequantizeLinear makes. */
  #dequantized(value: string): string | undefined {
    const maker = this.#draft.producer(value);
    const codes = maker !== undefined && isDequantize(maker) ? maker.inputs[0]! : undefined;
    return codes !== undefined && this.#params.has(codes) ? codes : undefined;
  }

  #codesBehind(value: string): string {
    const codes = this.#dequantized(value);
    return codes === undefined ? value : (this.#renamed.get(codes) ?? codes);
  }

  /** The QuantizeLinear that alone reads the value. */
  #quantizerOf(value: string): Node | undefined {
    const reader = this.#draft.soleReader(value);
    const codes = reader !== undefined && isQuantize(reader) ? reader.outputs[0]! : undefined;
    if (codes === undefined || !this.#params.has(codes)) return undefined;
    // Codes that the caller or a subgraph knows by name, or whose raw integers are worked on, keep theirs.
    const known = this.#draft.isOutput(codes) || !this.#draft.readers(codes).every(isDequantize);
    return known ? undefined : reader;
  }
}

const isQuantize = (node: Node): boolean => isOnnxDomain(node.domain) && node.op === 'QuantizeLinear';
const isDequantize = (node: Node): boolean => isOnnxDomain(node.domain) && node.op === 'DequantizeLinear';
