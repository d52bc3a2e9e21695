/** A compiled network that is loaded: feeds in, outputs out, one run at a time. */
import { RuntimeError } from './errors.ts';
import type { CompiledPort, CompiledProgram, ElementType, Manifest } from './manifest.ts';
import type { OutputTensor, TensorData, TensorLike } from './tensor.ts';
import { readOutput, writeInput } from './tensor.ts';

/** As onnxruntime's `InferenceSession` describes its inputs and outputs. */
export interface PortMetadata {
  readonly name: string;
  readonly isTensor: true;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
}

export type Feeds = Readonly<Record<string, TensorLike | TensorData>>;
export type Outputs = Readonly<Record<string, OutputTensor>>;

export interface CallProfile {
  readonly node: string;
  readonly op: string;
  readonly kernel: string;
  readonly macs: number | undefined;
  /** Median over the runs. */
  readonly milliseconds: number;
}

/** Who executes calls on the memory. */
export interface Executor {
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  /** All calls, in order. */
  run(): void | Promise<void>;
  /** One call, on one thread. */
  call(index: number): void;
  dispose(): void;
}

export class CompiledNetwork {
  readonly name: string;
  readonly variant: 'relaxed' | 'baseline';
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly PortMetadata[];
  readonly outputMetadata: readonly PortMetadata[];
  readonly memoryBytes: number;
  readonly #program: CompiledProgram;
  readonly #kernels: readonly string[];
  readonly #executor: Executor;
  #state: 'free' | 'running' | 'disposed' = 'free';

  constructor(
    manifest: Manifest,
    program: CompiledProgram,
    variant: 'relaxed' | 'baseline',
    executor: Executor,
  ) {
    this.name = manifest.name;
    this.variant = variant;
    this.inputMetadata = program.inputs.map(metadataOf);
    this.outputMetadata = program.outputs.map(metadataOf);
    this.inputNames = this.inputMetadata.map((m) => m.name);
    this.outputNames = this.outputMetadata.map((m) => m.name);
    this.memoryBytes = program.memoryBytes;
    this.#program = program;
    this.#kernels = manifest.kernels;
    this.#executor = executor;
  }

  get threads(): number {
    return this.#executor.threads;
  }

  /**
   * Every input by its name; gives every output. Typed arrays in ONNX's order (NCHW), or tensors with `dims` and `data` such as
   * onnxruntime's. Throws INPUT for names, types and shapes that do not fit, STATE during another run and after `dispose`.
   */
  async run(feeds: Feeds): Promise<Outputs> {
    this.#begin();
    try {
      const { buffer } = this.#executor.memory;
      for (const name of Object.keys(feeds))
        if (!this.inputNames.includes(name))
          throw new RuntimeError(
            'INPUT',
            `input '${name}'`,
            'the model has none of that name',
            this.#inputsAre(),
          );
      for (const port of this.#program.inputs) {
        const given = feeds[port.name];
        if (given === undefined)
          throw new RuntimeError('INPUT', `input '${port.name}'`, 'it is not given', this.#inputsAre());
        writeInput(buffer, port, given);
      }
      await this.#executor.run();
      return Object.fromEntries(this.#program.outputs.map((port) => [port.name, readOutput(buffer, port)]));
    } finally {
      this.#state = this.#state === 'running' ? 'free' : this.#state;
    }
  }

  /** Runs on what the inputs hold, call by call, `runs` times: where the time goes. One thread. */
  profile(runs = 10): readonly CallProfile[] {
    this.#begin();
    try {
      const { calls } = this.#program;
      const times = calls.map(() => [] as number[]);
      for (let run = 0; run < runs; run++)
        for (let i = 0; i < calls.length; i++) {
          const start = performance.now();
          this.#executor.call(i);
          times[i]!.push(performance.now() - start);
        }
      return calls.map(({ node, op, kernel, macs }, i) => ({
        node,
        op,
        kernel: this.#kernels[kernel]!,
        macs,
        milliseconds: times[i]!.sort((a, b) => a - b)[runs >> 1]!,
      }));
    } finally {
      this.#state = 'free';
    }
  }

  /** Lets go of memory and threads; nothing is left running. */
  dispose(): void {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    this.#executor.dispose();
  }

  #begin(): void {
    if (this.#state === 'free') {
      this.#state = 'running';
      return;
    }
    if (this.#state === 'disposed')
      throw new RuntimeError('STATE', `model '${this.name}'`, 'it has been disposed of', 'Load it again');
    throw new RuntimeError(
      'STATE',
      `model '${this.name}'`,
      'it is running already',
      'Wait for the run before, or load the model once more',
    );
  }

  #inputsAre(): string {
    return `Its inputs are ${this.inputNames.map((n) => `'${n}'`).join(', ')}`;
  }
}

function metadataOf({ name, dtype, dims, codes }: CompiledPort): PortMetadata {
  return { name, isTensor: true, type: dtype, shape: dims, ...(codes === undefined ? {} : { codes }) };
}
