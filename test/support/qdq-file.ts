// A quantized ONNX file as protobufjs reads it: a second opinion on what was written, sharing no code with the writer.
import { decodeProto } from './onnx-proto.ts';

export const types = { float: 1, uint8: 2, int8: 3, int32: 6 } as const;

export interface FileTensor {
  readonly type: number;
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

export interface FileNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints: ReadonlyMap<string, number>;
}

interface RawTensor {
  readonly name: string;
  readonly data_type: number;
  readonly dims?: readonly string[];
  readonly raw_data?: Buffer;
}

interface RawModel {
  readonly opset_import: readonly { domain?: string; version: string }[];
  readonly graph: {
    readonly node: readonly {
      name: string;
      op_type: string;
      input?: readonly string[];
      output: readonly string[];
      attribute?: readonly { name: string; i?: string }[];
    }[];
    readonly initializer: readonly RawTensor[];
    readonly input: readonly {
      name: string;
      type: { tensor_type: { shape: { dim?: readonly { dim_value?: string }[] } } };
    }[];
    readonly output: readonly { name: string }[];
  };
}

export class QdqFile {
  readonly opset: number;
  readonly nodes: readonly FileNode[];
  /** Axes without a number are undefined. */
  readonly inputShapes: readonly (readonly (number | undefined)[])[];
  readonly outputs: ReadonlySet<string>;
  readonly #tensors: ReadonlyMap<string, RawTensor>;
  readonly #producers = new Map<string, FileNode>();
  readonly #readers = new Map<string, FileNode[]>();

  constructor(bytes: Uint8Array) {
    const model = decodeProto('ModelProto', bytes) as unknown as RawModel;
    this.opset = Number(model.opset_import.find((o) => (o.domain ?? '') === '')!.version);
    this.nodes = model.graph.node.map((n) => ({
      name: n.name,
      op: n.op_type,
      inputs: n.input ?? [],
      outputs: n.output,
      ints: new Map((n.attribute ?? []).map((a) => [a.name, Number(a.i ?? 0)])),
    }));
    this.#tensors = new Map(model.graph.initializer.map((t) => [t.name, t]));
    const fed = model.graph.input.filter((i) => !this.#tensors.has(i.name));
    this.inputShapes = fed.map((i) =>
      (i.type.tensor_type.shape.dim ?? []).map((d) =>
        d.dim_value === undefined ? undefined : Number(d.dim_value),
      ),
    );
    this.outputs = new Set(model.graph.output.map((o) => o.name));
    for (const node of this.nodes) {
      for (const name of node.outputs) this.#producers.set(name, node);
      for (const name of node.inputs) this.#readers.set(name, [...this.readers(name), node]);
    }
  }

  of(op: RegExp): readonly FileNode[] {
    return this.nodes.filter((n) => op.test(n.op));
  }

  producer(value: string): FileNode | undefined {
    return this.#producers.get(value);
  }

  readers(value: string): readonly FileNode[] {
    return this.#readers.get(value) ?? [];
  }

  /** The DequantizeLinear that makes a value. */
  dequantizer(value: string | undefined): FileNode | undefined {
    const maker = this.producer(value ?? '');
    return maker?.op === 'DequantizeLinear' ? maker : undefined;
  }

  isStored(value: string | undefined): boolean {
    return this.#tensors.has(value ?? '');
  }

  typeOf(value: string): number | undefined {
    return this.#tensors.get(value)?.data_type;
  }

  /** Types of all stored tensors. */
  get storedTypes(): ReadonlySet<number> {
    return new Set([...this.#tensors.values()].map((t) => t.data_type));
  }

  /** Throws for a tensor whose elements are not raw bytes. */
  tensor(name: string): FileTensor {
    const raw = this.#tensors.get(name);
    if (raw?.raw_data === undefined) throw new Error(`'${name}' has no raw data`);
    const bytes = Uint8Array.from(raw.raw_data);
    const values =
      raw.data_type === types.float
        ? new Float32Array(bytes.buffer)
        : raw.data_type === types.int32
          ? new Int32Array(bytes.buffer)
          : raw.data_type === types.int8
            ? new Int8Array(bytes.buffer)
            : bytes;
    return { type: raw.data_type, dims: (raw.dims ?? []).map(Number), values: Array.from(values) };
  }

  /** Scale and zero point of a QuantizeLinear or DequantizeLinear; the codes' type where a zero point says it. */
  params(node: FileNode): { scales: readonly number[]; zeros: readonly number[]; type: number | undefined } {
    const zero = node.inputs[2] === undefined ? undefined : this.tensor(node.inputs[2]);
    return {
      scales: this.tensor(node.inputs[1]!).values,
      zeros: zero?.values ?? [],
      type: zero?.type,
    };
  }
}
