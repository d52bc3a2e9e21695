/**
 * Where a part of a model lies in the ONNX file it came from, and what the reader made of it. This is the one
 * place that says what `source` means for ONNX:
 *
 * - `source` of a Node, Port, Tensor, Graph or ModelFunction is an OnnxRecord of the protobuf message's payload,
 *   without tag and length; of a Model, of the whole file. `Graph.sparse` holds payloads as well.
 * - `extras` of a Node, Graph or Model are plain ranges of whole fields, tag included.
 * - Attributes and value types have no `source`; their records are kept here, by the identity of the object.
 *
 * A record is only good while the part is still what was read. An edit by spread (`{ ...node, inputs }`) drags the
 * old `source` along, so the writer asks `recordOf`, which compares what the record was made for with what is there.
 */
import type { ByteRange, ByteSource } from '../../base/bytes.ts';

export class OnnxRecord implements ByteRange {
  readonly source: ByteSource;
  readonly offset: number;
  readonly length: number;
  /** Holds a tensor whose data lies in another file, so the bytes only mean something beside that file. */
  readonly external: boolean;
  readonly #made: Readonly<Record<string, unknown>>;

  /** `made`: the properties the record stands for; compared by identity. */
  constructor(range: ByteRange, made: Readonly<Record<string, unknown>>, external: boolean) {
    this.source = range.source;
    this.offset = range.offset;
    this.length = range.length;
    this.external = external;
    this.#made = made;
  }

  /** Whether the part still has every property the record stands for. */
  standsFor(part: object): boolean {
    return Object.entries(this.#made).every(
      ([key, value]) => (part as Readonly<Record<string, unknown>>)[key] === value,
    );
  }
}

/** The part's record in an ONNX file, when it has one and was not edited since. */
export function recordOf(part: { readonly source?: ByteRange | undefined }): OnnxRecord | undefined {
  const { source } = part;
  return source instanceof OnnxRecord && source.standsFor(part) ? source : undefined;
}

const remembered = new WeakMap<object, OnnxRecord>();

/** Keeps the record of an attribute or value type, stored under `name`. */
export function rememberRecord(value: object, name: string, range: ByteRange, external: boolean): void {
  remembered.set(value, new OnnxRecord(range, { name }, external));
}

/** The record of the very object, when it is still stored under the same name. */
export function rememberedRecord(value: object, name: string): OnnxRecord | undefined {
  const record = remembered.get(value);
  return record?.standsFor({ name }) ? record : undefined;
}
