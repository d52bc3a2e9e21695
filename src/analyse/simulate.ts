/**
 * Fake quantization and true INT8 of one quantized model on the same samples, in Octavo's own arithmetic and without an
 * engine: what the integers alone change, and how far either is from the float model.
 */
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { giveWay } from '../engines/give-way.ts';
import { interpret, type NodeDone } from '../engines/interpreter/interpret.ts';
import { spellQdq } from '../formats/onnx/spell-qdq.ts';
import type { Model, Node, QuantParams, Tensor } from '../ir/index.ts';
import { dequantizeTensor, quantizeTensor, throughFloat } from '../ops/index.ts';
import type { LayerPair } from './compare-layers.ts';
import { Noise } from './metrics.ts';

/** What `quantize` and `quantizeByPlan` return. */
export interface Simulated {
  readonly float: Model;
  /** Operators on codes. */
  readonly graph: Model;
  readonly layers: readonly LayerPair[];
}

export interface SimulationOptions {
  /**
   * `each-layer` (default): every layer is fed with the float model's values, rounded to its codes: its own error alone.
   * `whole`: with what the layers before it made: the error that adds up.
   */
  readonly feed?: 'each-layer' | 'whole';
  /** Default 4: a network takes about a second for every 300 million products. */
  readonly samples?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** 10 log10 of signal over noise, against the float model. */
export interface SimulatedSqnr {
  readonly int8: number;
  readonly fake: number;
}

export interface SimulatedLayer {
  /** The operator. */
  readonly layer: string;
  readonly op: string;
  /** What it makes, by its name in `graph`. */
  readonly value: string;
  readonly elements: number;
  /** Elements for which the two arithmetics give different results. */
  readonly differing: number;
  /** Largest difference of the two in steps of its codes; undefined where the result is left in float. */
  readonly maxSteps: number | undefined;
  /** The same as real numbers. */
  readonly maxAbsDifference: number;
  /** Undefined where the float model has no such value. */
  readonly sqnrDb: SimulatedSqnr | undefined;
}

export type SimulatedOutput = { readonly output: string } & Pick<
  SimulatedLayer,
  'elements' | 'differing' | 'maxAbsDifference' | 'sqnrDb'
>;

export interface Simulation {
  readonly samples: number;
  /** In graph order; crossings between float and codes are exact in both arithmetics and not listed. */
  readonly layers: readonly SimulatedLayer[];
  /** Of the model as a whole; empty where each layer is fed by itself. */
  readonly outputs: readonly SimulatedOutput[];
}

/**
 * Fake quantization computes in float32 between values rounded to codes, as a QDQ file reads to the letter; true INT8 adds
 * integers and rounds once, as engines and compiled code do (docs/numerics.md). Throws UNSUPPORTED on an operator without a
 * reference, INVALID_ARGUMENT on samples that do not fit, CANCELLED.
 */
export async function simulate(
  model: Simulated,
  samples: Dataset,
  options: SimulationOptions = {},
): Promise<Simulation> {
  const { feed = 'each-layer', signal, onProgress } = options;
  const limit = Math.min(options.samples ?? 4, samples.size ?? Number.POSITIVE_INFINITY);
  const step = startProgress('simulating', Number.isFinite(limit) ? limit : undefined, onProgress);
  const run = new Runs(model, () => throwIfAborted(signal, 'simulation'));
  let count = 0;
  for await (const { inputs } of samples) {
    await giveWay();
    if (feed === 'whole') run.whole(inputs);
    else run.eachLayer(inputs);
    step();
    if (++count >= limit) break;
  }
  return run.result(count);
}

type Feeds = Readonly<Record<string, Tensor>>;

interface Results {
  readonly int8: Tensor;
  readonly fake: Tensor;
  readonly float: Tensor | undefined;
}

interface Maker {
  readonly node: Node;
  readonly quant: QuantParams;
}

/** What is counted of one value, over samples. */
class Tally {
  readonly #int8 = new Noise();
  readonly #fake = new Noise();
  #elements = 0;
  #differing = 0;
  #largest = 0;
  #steps: number | undefined;
  #hasFloat = false;

  /** Codes where there is somebody who made them. */
  add({ int8, fake, float }: Results, maker: Maker | undefined): void {
    const [a, b] = [realsOf(int8, maker), realsOf(fake, maker)];
    this.#elements += a.length;
    for (let i = 0; i < a.length; i++) {
      if (a[i] === b[i]) continue;
      this.#differing++;
      this.#largest = Math.max(this.#largest, Math.abs(a[i]! - b[i]!));
    }
    if (maker !== undefined) this.#steps = Math.max(this.#steps ?? 0, largestSteps(int8, fake));
    if (float === undefined) return;
    this.#hasFloat = true;
    this.#int8.add(float.toFloat32(), a);
    this.#fake.add(float.toFloat32(), b);
  }

  get figures(): Omit<SimulatedLayer, 'layer' | 'op' | 'value'> {
    return {
      elements: this.#elements,
      differing: this.#differing,
      maxSteps: this.#steps,
      maxAbsDifference: this.#largest,
      sqnrDb: this.#hasFloat ? { int8: this.#int8.sqnrDb, fake: this.#fake.sqnrDb } : undefined,
    };
  }
}

function largestSteps(a: Tensor, b: Tensor): number {
  const [x, y] = [a.toNumbers(), b.toNumbers()];
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]! - y[i]!));
  return most;
}

function realsOf(tensor: Tensor, maker: Maker | undefined): Float32Array {
  return (maker === undefined ? tensor : dequantizeTensor(maker.node, tensor, maker.quant)).toFloat32();
}

class Runs {
  readonly #model: Simulated;
  readonly #check: () => undefined;
  /** Value of the INT8 graph to that of the float one it stands for. */
  readonly #counterpart: ReadonlyMap<string, string>;
  readonly #tallies = new Map<string, { readonly node: Node; readonly tally: Tally }>();
  readonly #outputs = new Map<string, Tally>();

  constructor(model: Simulated, check: () => void) {
    this.#model = model;
    this.#check = () => void check();
    this.#counterpart = counterpartsOf(model);
  }

  eachLayer(inputs: Feeds): void {
    const float = this.#float(inputs);
    interpret(this.#model.graph, inputs, undefined, {
      onNode: (done) => {
        this.#check();
        const fake = isListed(done) ? throughFloat(done.context) : undefined;
        const instead = new Map<string, Tensor>();
        for (const [i, name] of done.node.outputs.entries()) {
          const real = float(name);
          if (fake?.[i] !== undefined && name !== '') this.#compare(done, i, fake[i], real);
          const quant = done.context.outputQuant[i];
          if (real !== undefined)
            instead.set(name, quant === undefined ? real : quantizeTensor(done.node, real, quant));
        }
        return instead;
      },
    });
  }

  whole(inputs: Feeds): void {
    const float = this.#float(inputs);
    const { graph } = this.#model.graph;
    const names = graph.outputs.map((p) => p.name);
    const listed = graph.nodes.flatMap((n) => n.outputs).filter((name) => name !== '');
    const fake = interpret(this.#model.graph, inputs, [...new Set([...listed, ...names])], {
      arithmetic: 'fake',
      onNode: this.#check,
    });
    const int8 = interpret(this.#model.graph, inputs, names, {
      onNode: (done) => {
        this.#check();
        for (const [i, name] of done.node.outputs.entries())
          if (isListed(done) && name !== '') this.#compare(done, i, fake[name]!, float(name));
        return undefined;
      },
    });
    for (const name of names)
      entry(this.#outputs, name, () => new Tally()).add(
        { int8: int8[name]!, fake: fake[name]!, float: float(name) },
        undefined,
      );
  }

  /** Values of the float model by the names of the INT8 graph. */
  #float(inputs: Feeds): (name: string) => Tensor | undefined {
    const values = [...new Set(this.#counterpart.values())];
    const float = interpret(this.#model.float, inputs, values, { onNode: this.#check });
    return (name) => {
      const value = this.#counterpart.get(name);
      return value === undefined ? undefined : float[value];
    };
  }

  #compare({ node, context, outputs }: NodeDone, i: number, fake: Tensor, float: Tensor | undefined): void {
    const name = node.outputs[i]!;
    const { tally } = entry(this.#tallies, name, () => ({ node, tally: new Tally() }));
    const quant = context.outputQuant[i];
    const int8 = outputs.get(name)!;
    tally.add({ int8, fake, float }, quant && { node, quant });
  }

  result(samples: number): Simulation {
    return {
      samples,
      layers: [...this.#tallies].map(([value, { node, tally }]) => ({
        layer: node.name,
        op: node.op,
        value,
        ...tally.figures,
      })),
      outputs: [...this.#outputs].map(([output, tally]) => ({ output, ...tally.figures })),
    };
  }
}

/** Operators on codes; of crossings only those from codes to codes, where the arithmetics may differ. */
function isListed({ node, context }: NodeDone): boolean {
  const reads = context.inputQuant.some((q) => q !== undefined);
  const makes = context.outputQuant.some((q) => q !== undefined);
  const crossing = node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear';
  return crossing ? reads && makes : reads || makes;
}

function counterpartsOf({ float, graph, layers }: Simulated): ReadonlyMap<string, string> {
  const known = new Set([
    ...float.graph.inputs.map((p) => p.name),
    ...float.graph.nodes.flatMap((n) => n.outputs).filter((name) => name !== ''),
  ]);
  const counterpart = new Map<string, string>();
  for (const name of graph.graph.nodes.flatMap((n) => n.outputs))
    if (known.has(name)) counterpart.set(name, name);
  const valueBehind = new Map(layers.map((pair) => [pair.codes, pair.value]));
  for (const [name, codes] of spellQdq(graph).codes) {
    const value = valueBehind.get(codes);
    if (value !== undefined && known.has(value)) counterpart.set(name, value);
  }
  return counterpart;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
