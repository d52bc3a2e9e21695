/** A compiled network that is loaded: feeds in, outputs out, one run at a time. */
import type { VariantName } from './choose-module.ts';
import type { RuntimeNote } from './errors.ts';
import { RuntimeError } from './errors.ts';
import type { Executor } from './executor.ts';
import type { CompiledImage, CompiledPort, CompiledProgram, ElementType, Manifest } from './manifest.ts';
import type { Given, OutputTensor } from './tensor.ts';
import { readOutput, writeInput } from './tensor.ts';

/** As onnxruntime's `InferenceSession` describes its inputs and outputs. */
export interface PortMetadata {
  readonly name: string;
  readonly isTensor: true;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Of codes: real = scale * (code - zeroPoint). */
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
  /** There where the input takes an ImageData: how its pixels are read. */
  readonly image?: CompiledImage;
}

/** Inputs by name: arrays, tensors with `dims` and `data` such as onnxruntime's, or images. */
export type Feeds = Readonly<Record<string, Given>>;
export type Outputs = Readonly<Record<string, OutputTensor>>;

export interface CallProfile {
  readonly node: string;
  readonly op: string;
  readonly kernel: string;
  readonly macs: number | undefined;
  /** Median over the runs. */
  readonly milliseconds: number;
}

/** What `load` has put together. */
export interface LoadedParts {
  readonly manifest: Manifest;
  readonly program: CompiledProgram;
  readonly variant: VariantName;
  readonly notes: readonly RuntimeNote[];
  readonly executor: Executor;
}

export class CompiledNetwork {
  readonly name: string;
  readonly variant: VariantName;
  /** Of what could be better, such as one thread where several were asked for. */
  readonly notes: readonly RuntimeNote[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly PortMetadata[];
  readonly outputMetadata: readonly PortMetadata[];
  readonly memoryBytes: number;
  /** Those of the program that was chosen. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly #program: CompiledProgram;
  readonly #kernels: readonly string[];
  readonly #executor: Executor;
  #state: 'free' | 'running' | 'failed' | 'disposed' = 'free';

  /** @internal: `load` makes them. */
  constructor({ manifest, program, variant, notes, executor }: LoadedParts) {
    this.name = manifest.name;
    this.variant = variant;
    this.notes = notes;
    this.inputMetadata = program.inputs.map(metadataOf);
    this.outputMetadata = program.outputs.map(metadataOf);
    this.inputNames = this.inputMetadata.map((m) => m.name);
    this.outputNames = this.outputMetadata.map((m) => m.name);
    this.memoryBytes = program.memoryBytes;
    this.sizes = program.sizes;
    this.#program = program;
    this.#kernels = manifest.kernels;
    this.#executor = executor;
  }

  get threads(): number {
    return this.#executor.threads;
  }

  /**
   * Every input by its name; gives every output. Arrays in ONNX's order (NCHW), tensors with `dims` and `data` such as
   * onnxruntime's, or an ImageData where the model was compiled for images. Throws INPUT for names, types and shapes that do
   * not fit, STATE during another run and after `dispose`, FORMAT where the compiled code fails.
   */
  async run(feeds: Feeds): Promise<Outputs> {
    this.#begin();
    this.#executor.prepare?.();
    try {
      this.#write(feeds);
    } catch (error) {
      this.#end('free');
      throw error;
    }
    try {
      await this.#executor.run();
    } catch (error) {
      this.#end('failed');
      throw error;
    }
    const { buffer } = this.#executor.memory;
    const outputs = this.#program.outputs.map((port) => [port.name, readOutput(buffer, port)] as const);
    this.#end('free');
    return Object.fromEntries(outputs);
  }

  #write(feeds: Feeds): void {
    if (typeof feeds !== 'object' || feeds === null)
      throw new RuntimeError('INPUT', 'the inputs', 'they are no object', this.#inputsAre());
    for (const name of Object.keys(feeds))
      if (!this.inputNames.includes(name))
        throw new RuntimeError(
          'INPUT',
          `input '${name}'`,
          'the model has none of that name',
          this.#inputsAre(),
        );
    const { buffer } = this.#executor.memory;
    for (const port of this.#program.inputs) {
      const given = Object.hasOwn(feeds, port.name) ? feeds[port.name] : undefined;
      if (given === undefined)
        throw new RuntimeError('INPUT', `input '${port.name}'`, 'it is not given', this.#inputsAre());
      writeInput(buffer, port, given);
    }
  }

  /**
   * Runs call by call, `runs` times: where the time goes. One thread. Give the feeds where numbers matter (what is no number takes its
   * time), for layers lie where inputs were: without, the first ones work on whatever is there.
   */
  profile(runs = 10, feeds?: Feeds): readonly CallProfile[] {
    this.#begin();
    try {
      const { calls } = this.#program;
      const times = calls.map(() => [] as number[]);
      for (let run = 0; run < runs; run++) {
        if (feeds !== undefined) this.#write(feeds);
        for (let i = 0; i < calls.length; i++) {
          const start = performance.now();
          this.#executor.call(i);
          times[i]!.push(performance.now() - start);
        }
      }
      return calls.map(({ node, op, kernel, macs }, i) => ({
        node,
        op,
        kernel: this.#kernels[kernel]!,
        macs,
        milliseconds: times[i]!.sort((a, b) => a - b)[runs >> 1]!,
      }));
    } finally {
      this.#end('free');
    }
  }

  /** Lets go of memory and threads; when it resolves, nothing is left running. */
  async dispose(): Promise<void> {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    await this.#executor.dispose();
  }

  #begin(): void {
    const fail = (what: string, remedy: string): never => {
      throw new RuntimeError('STATE', `model '${this.name}'`, what, remedy);
    };
    if (this.#state === 'running')
      fail('it is running already', 'Wait for the run before, or load the model once more');
    if (this.#state === 'disposed') fail('it has been disposed of', 'Load it again');
    if (this.#state === 'failed') fail('a run of it failed', 'Load it again');
    this.#state = 'running';
  }

  /** A model that was disposed of meanwhile stays so. */
  #end(state: 'free' | 'failed'): void {
    if (this.#state === 'running') this.#state = state;
  }

  #inputsAre(): string {
    return `Its inputs are ${this.inputNames.map((n) => `'${n}'`).join(', ')}`;
  }
}

function metadataOf({ name, dtype, dims, codes, image }: CompiledPort): PortMetadata {
  return {
    name,
    isTensor: true,
    type: dtype,
    shape: dims,
    ...(codes === undefined ? {} : { codes }),
    ...(image === undefined ? {} : { image }),
  };
}
