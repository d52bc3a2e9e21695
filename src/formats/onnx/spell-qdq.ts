/**
 * Spells quantized operators as ONNX engines read them: DequantizeLinear -> operator -> QuantizeLinear, constants with a
 * DequantizeLinear only. `absorbQdq` (src/passes) is the way back: both keep names, so that what Octavo wrote reads
 * back to the same graph.
 */
import type { Graph, Model, Node, QuantParams, ValueType } from '../../ir/index.ts';
import { attr, Draft, isOnnxDomain, isQuantizedDType, Tensor, withParts } from '../../ir/index.ts';

export interface Spelled {
  readonly model: Model;
  /** Quantized value of the IR to the name of its codes in the file. */
  readonly codes: ReadonlyMap<string, string>;
}

export interface SpellOptions {
  /** `each-reader`: operators share no DequantizeLinear; some engines look for one of their own. Default `shared`. */
  readonly dequantize?: 'shared' | 'each-reader';
}

/** Scales become float32 constants, zero points constants of the codes' dtype, both scalars unless per channel. */
export function spellQdq(model: Model, options: SpellOptions = {}): Spelled {
  const speller = new Speller(model.graph, options);
  return { model: withParts(model, { graph: speller.run() }), codes: speller.codes };
}

class Speller {
  readonly codes = new Map<string, string>();
  readonly #graph: Graph;
  readonly #draft: Draft;
  readonly #options: SpellOptions;
  readonly #params = new Map<string, readonly string[]>();
  readonly #dequantized = new Map<string, string>();

  constructor(graph: Graph, options: SpellOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#draft = new Draft(graph);
  }

  run(): Graph {
    const outputs: { node: Node; value: string }[] = [];
    for (const node of this.#graph.nodes)
      for (const value of node.outputs) if (this.#quantOf(value) !== undefined) outputs.push({ node, value });
    // The name of the codes is settled for every value before anything reads it.
    for (const { node, value } of outputs)
      this.codes.set(value, isCrossing(node) ? value : this.#draft.freshValue(`${value}_quantized`));
    for (const node of this.#graph.nodes)
      if (isCrossing(node)) this.#spellCrossing(node);
      else this.#spell(node);
    for (const [value, codes] of this.codes) {
      const quant = this.#quantOf(value)!;
      this.#draft.setType(codes, this.#plain(value, quant));
      if (codes !== value) this.#draft.setType(value, this.#float(value));
    }
    for (const name of this.#graph.initializers.keys()) {
      const quant = this.#quantOf(name);
      if (quant !== undefined) this.#draft.setType(name, this.#plain(name, quant));
    }
    return this.#draft.finish();
  }

  #spell(node: Node): void {
    const inputs = node.inputs.map((name) =>
      this.#quantOf(name) === undefined ? name : this.#dequantize(name),
    );
    if (inputs.some((name, i) => name !== node.inputs[i])) this.#draft.replace(node, { inputs });
    for (const value of node.outputs) {
      const quant = this.#quantOf(value);
      if (quant === undefined) continue;
      this.#draft.add({
        op: 'QuantizeLinear',
        name: `${value}_QuantizeLinear`,
        inputs: [value, ...this.#paramsOf(value, quant)],
        outputs: [this.codes.get(value)!],
        attributes: axisOf(quant),
      });
    }
  }

  #spellCrossing(node: Node): void {
    const quantized = node.op === 'QuantizeLinear' ? node.outputs[0]! : node.inputs[0]!;
    const quant = this.#quantOf(quantized);
    // A crossing that came in with its parameters spelled out stays as it is.
    if (quant === undefined || node.inputs.length > 1) return;
    const data = node.op === 'QuantizeLinear' ? node.inputs[0]! : (this.codes.get(quantized) ?? quantized);
    this.#draft.replace(node, {
      inputs: [data, ...this.#paramsOf(quantized, quant)],
      attributes: axisOf(quant),
    });
  }

  #dequantize(value: string): string {
    const known = this.#dequantized.get(value);
    if (known !== undefined && this.#options.dequantize !== 'each-reader') return known;
    const quant = this.#quantOf(value)!;
    const output = this.#draft.freshValue(`${value}_dequantized`);
    this.#draft.add({
      op: 'DequantizeLinear',
      name: `${value}_DequantizeLinear`,
      inputs: [this.codes.get(value) ?? value, ...this.#paramsOf(value, quant)],
      outputs: [output],
      attributes: axisOf(quant),
    });
    this.#dequantized.set(value, output);
    return output;
  }

  /** Names of the scale and zero point. An int32 bias has none: its zero point is 0 by definition, and WebNN refuses one. */
  #paramsOf(value: string, quant: QuantParams): readonly string[] {
    const known = this.#params.get(value);
    if (known !== undefined) return known;
    const dims = quant.axis === undefined ? [] : [quant.scales.length];
    const names = [this.#draft.addConstant(`${value}_scale`, Tensor.from('float32', dims, quant.scales))];
    if (quant.dtype !== 'int32')
      names.push(this.#draft.addConstant(`${value}_zero_point`, zeroPointTensor(quant, dims)));
    this.#params.set(value, names);
    return names;
  }

  #quantOf(value: string): QuantParams | undefined {
    const type = this.#graph.types.get(value);
    return type?.kind === 'quantized' ? type.quant : undefined;
  }

  #plain(value: string, quant: QuantParams): ValueType {
    return { kind: 'tensor', dtype: quant.dtype, shape: this.#shape(value) };
  }

  #float(value: string): ValueType {
    return { kind: 'tensor', dtype: 'float32', shape: this.#shape(value) };
  }

  #shape(value: string) {
    const type = this.#graph.types.get(value);
    return type === undefined || type.kind === 'opaque' ? undefined : type.shape;
  }
}

function isCrossing(node: Node): boolean {
  return isOnnxDomain(node.domain) && (node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear');
}

/** ONNX's default axis is 1; it is written out even then, so that nobody has to know. */
function axisOf(quant: QuantParams): ReadonlyMap<string, ReturnType<typeof attr.int>> {
  return quant.axis === undefined ? new Map() : new Map([['axis', attr.int(quant.axis)]]);
}

function zeroPointTensor(quant: QuantParams, dims: readonly number[]): Tensor {
  const { dtype } = quant;
  if (!isQuantizedDType(dtype) || dtype === 'int4' || dtype === 'uint4')
    throw new TypeError(`zero points of type ${dtype} are not written`);
  return Tensor.from(dtype, dims, quant.zeroPoints);
}
