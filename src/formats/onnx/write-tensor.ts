/** Tensor to TensorProto: verbatim where the file's record still fits, else raw_data, inline or in a second file. */
import type { ByteSink } from '../../base/bytes.ts';
import type { Tensor } from '../../ir/index.ts';
import { dtypes } from '../../ir/index.ts';
import { dataLocations, StringStringEntryProto, TensorProto } from '../../wire/onnx-schema.ts';
import type { LazyBytes, Piece } from '../../wire/protobuf-encode.ts';
import { MessageEncoder, writePieces } from '../../wire/protobuf-encode.ts';
import { OnnxRecord, recordOf } from './record.ts';

const { numbers } = TensorProto;
const entry = StringStringEntryProto.numbers;

/** Data over this many bytes begins on a page, so that runtimes can map it; the rest on a multiple of 16. */
const pageAlignedOver = 65536;
const pageBytes = 4096;
const smallAlignment = 16;

/** The second file: which tensors go there, and where each begins. Nothing is read before `flush`. */
export class ExternalFile {
  readonly location: string;
  readonly #thresholdBytes: number;
  readonly #pieces: Piece[] = [];
  #size = 0;

  constructor(location: string, thresholdBytes: number) {
    this.location = location;
    this.#thresholdBytes = thresholdBytes;
  }

  takes(tensor: Tensor): boolean {
    return tensor.dtype !== 'string' && tensor.byteLength >= this.#thresholdBytes;
  }

  /** Books the tensor's place; gives its offset. */
  add(data: LazyBytes): number {
    const alignment = data.length > pageAlignedOver ? pageBytes : smallAlignment;
    const padding = (alignment - (this.#size % alignment)) % alignment;
    if (padding > 0) this.#pieces.push(new Uint8Array(padding));
    const offset = this.#size + padding;
    this.#pieces.push(data);
    this.#size = offset + data.length;
    return offset;
  }

  flush(sink: ByteSink): void {
    writePieces(this.#pieces, sink);
  }
}

/** A named initializer. */
export function initializerRecord(name: string, tensor: Tensor, external: ExternalFile | undefined): Payload {
  const leaves = external?.takes(tensor) ?? false;
  const { source } = tensor;
  if (!leaves && source instanceof OnnxRecord && source.standsFor({ name }) && !source.external)
    return source;
  return encode(name, tensor, leaves ? external : undefined);
}

/** A tensor within an attribute, whose name says nothing. Always inline: runtimes expect it there. */
export function attributeTensorRecord(tensor: Tensor): Payload {
  const { source } = tensor;
  return source instanceof OnnxRecord && !source.external ? source : encode('', tensor, undefined);
}

/** A message's payload: bytes that are there already, or an encoder. */
export type Payload = Piece | MessageEncoder;

export function addPayload(into: MessageEncoder, field: number, payload: Payload): void {
  if (payload instanceof MessageEncoder) into.message(field, payload);
  else into.bytes(field, payload);
}

function encode(name: string, tensor: Tensor, external: ExternalFile | undefined): MessageEncoder {
  const message = new MessageEncoder();
  for (const dim of tensor.dims) message.integer(numbers.dims, dim);
  message.integer(numbers.data_type, dtypes[tensor.dtype].onnx);
  if (tensor.dtype === 'string')
    for (const text of tensor.strings()) message.bytes(numbers.string_data, text);
  if (name !== '') message.text(numbers.name, name);
  if (tensor.dtype === 'string') return message;
  const data: LazyBytes = {
    length: tensor.byteLength,
    name: name === '' ? 'a tensor attribute' : `tensor '${name}'`,
    load: () => tensor.bytes(),
  };
  if (external === undefined) return message.bytes(numbers.raw_data, data);
  const pairs = [
    ['location', external.location],
    ['offset', String(external.add(data))],
    ['length', String(data.length)],
  ] as const;
  for (const [key, value] of pairs)
    message.message(
      numbers.external_data,
      new MessageEncoder().text(entry.key, key).text(entry.value, value),
    );
  return message.integer(numbers.data_location, dataLocations.external);
}

/** The record of a part that can go out verbatim: unedited, and with no data in a file that may be elsewhere. */
export function verbatim(part: Parameters<typeof recordOf>[0]): OnnxRecord | undefined {
  const record = recordOf(part);
  return record?.external ? undefined : record;
}
