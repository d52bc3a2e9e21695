/** Model to ModelProto: the writer's front door. An unedited model comes back byte for byte. */
import type { ByteSink } from '../../base/bytes.ts';
import { invalidArgument } from '../../base/errors.ts';
import type { Model } from '../../ir/index.ts';
import { ModelProto, OperatorSetIdProto, StringStringEntryProto } from '../../wire/onnx-schema.ts';
import type { Piece } from '../../wire/protobuf-encode.ts';
import { fillSink, MessageEncoder, writePieces } from '../../wire/protobuf-encode.ts';
import { checkSpelled } from './check-spelled.ts';
import { locationFault } from './read-external.ts';
import { OnnxRecord, recordOf } from './record.ts';
import { graphMessage, graphRecord } from './write-graph.ts';
import { addPayload, ExternalFile } from './write-tensor.ts';

export interface ExternalTarget {
  /** The second file's name as the model will have it: relative to the model, within its folder. */
  readonly location: string;
  readonly sink: ByteSink;
  /** Initializers of at least this many bytes go there. Default 1024. */
  readonly thresholdBytes?: number;
}

export interface WriteOnnxOptions {
  /** Puts large initializers into a second file; needed beyond 2 GB. Its sink is written after the model's. */
  readonly externalData?: ExternalTarget;
  /**
   * What to do with data of an unedited model that lies in other files. `keep` (default) writes the model byte for
   * byte, to be put beside those files; `embed` brings the data in. An edited model always brings it in.
   */
  readonly outside?: 'keep' | 'embed';
}

/** Protobuf's own limit: parsers take no larger message. */
export const protobufLimitBytes = 2 ** 31 - 1;

const { numbers } = ModelProto;

/**
 * The model as one ONNX file. Unedited parts keep their bytes; new tensors are raw_data.
 * Throws INVALID_GRAPH for quantized values that are not spelled as QDQ, INVALID_ARGUMENT beyond 2^31 - 1 bytes,
 * IO when outside data cannot be read.
 */
export function writeOnnx(model: Model, options: Pick<WriteOnnxOptions, 'outside'> = {}): Uint8Array {
  const { pieces, length } = plan(model, options);
  const bytes = new Uint8Array(length);
  writePieces(pieces, fillSink(bytes));
  return bytes;
}

/** Like `writeOnnx`, to a sink: weights pass through one at a time. All checks but reading come before the first byte. */
export function writeOnnxTo(model: Model, sink: ByteSink, options: WriteOnnxOptions = {}): void {
  const { pieces, external } = plan(model, options);
  writePieces(pieces, sink);
  if (external !== undefined && options.externalData !== undefined) external.flush(options.externalData.sink);
}

/** Bytes that `writeOnnx` would give, without reading any weight; may be beyond what it takes. */
export function onnxByteLength(model: Model, options: Pick<WriteOnnxOptions, 'outside'> = {}): number {
  return verbatimModel(model, options)?.length ?? modelMessage(model, undefined).length;
}

/** Whether the data of some initializer lies outside the file the model was read from. */
export function hasOutsideData(model: Model): boolean {
  if (recordOf(model)?.external) return true;
  return [...model.graph.initializers.values()].some(
    ({ source }) => source instanceof OnnxRecord && source.external,
  );
}

interface Plan {
  readonly pieces: readonly Piece[];
  readonly length: number;
  readonly external: ExternalFile | undefined;
}

function plan(model: Model, options: WriteOnnxOptions): Plan {
  const whole = verbatimModel(model, options);
  if (whole !== undefined) return { pieces: [whole], length: whole.length, external: undefined };
  checkSpelled(model.graph);
  const external = externalFile(options.externalData);
  const message = modelMessage(model, external);
  if (message.length > protobufLimitBytes)
    throw invalidArgument(
      'writing ONNX',
      `the model takes ${message.length} bytes, and a protobuf file holds at most ${protobufLimitBytes}`,
      'Write it with external data',
    );
  return { pieces: message.pieces(), length: message.length, external };
}

function externalFile(target: ExternalTarget | undefined): ExternalFile | undefined {
  if (target === undefined) return undefined;
  const fault = locationFault(target.location);
  if (fault !== undefined)
    throw invalidArgument('externalData.location', `'${target.location}' ${fault}`, 'Give a plain file name');
  const threshold = target.thresholdBytes ?? 1024;
  if (!(threshold >= 0))
    throw invalidArgument(
      'externalData.thresholdBytes',
      `${threshold} is no number of bytes`,
      'Give 0 or more',
    );
  return new ExternalFile(target.location, threshold);
}

/** The whole file, when it can go out as it is. */
function verbatimModel(model: Model, options: WriteOnnxOptions) {
  const record = recordOf(model);
  if (record === undefined || options.externalData !== undefined) return undefined;
  return record.external && options.outside === 'embed' ? undefined : record;
}

function modelMessage(model: Model, external: ExternalFile | undefined): MessageEncoder {
  const { graph } = model;
  const message = new MessageEncoder().integer(numbers.ir_version, irVersionOf(model));
  if (model.producerName !== '') message.text(numbers.producer_name, model.producerName);
  if (model.producerVersion !== '') message.text(numbers.producer_version, model.producerVersion);
  addPayload(
    message,
    numbers.graph,
    external === undefined ? graphRecord(graph, undefined) : graphMessage(graph, external),
  );
  const opset = OperatorSetIdProto.numbers;
  for (const [domain, version] of model.opsets) {
    const entry = new MessageEncoder();
    entry.text(opset.domain, domain);
    message.message(numbers.opset_import, entry.integer(opset.version, version));
  }
  const pair = StringStringEntryProto.numbers;
  for (const [key, value] of model.metadata)
    message.message(numbers.metadata_props, new MessageEncoder().text(pair.key, key).text(pair.value, value));
  for (const fn of model.functions) message.bytes(numbers.functions, fn.source);
  for (const extra of model.extras) message.verbatim(extra);
  return message;
}

/** Before IR version 4 every initializer was an input too; a graph with true constants needs 4. */
function irVersionOf(model: Model): number {
  if (model.irVersion >= 4) return model.irVersion;
  const inputs = new Set(model.graph.inputs.map((port) => port.name));
  const constants = [...model.graph.initializers.keys()].some((name) => !inputs.has(name));
  return constants ? 4 : model.irVersion;
}
