/**
 * The state of one reading of an ONNX file: the scanner, where we are (for messages), and the problems so far.
 * Readers report and go on, so that a user sees all that is wrong at once.
 */
import type { ByteRange, ByteSource } from '../../base/bytes.ts';
import type { FormatProblem } from '../../base/errors.ts';
import type { MessageSchema } from '../../wire/onnx-schema.ts';
import { wireTypes } from '../../wire/onnx-schema.ts';
import type { Field, Span } from '../../wire/protobuf.ts';
import { ProtoScanner } from '../../wire/protobuf.ts';

/** Gives the bytes of an external data file by its location, as the model names it. */
export type ExternalData = (location: string) => ByteSource;

/** A field with the name its schema gives it; undefined for one the schema does not know. */
export interface NamedField<Name extends string> extends Field {
  readonly name: Name | undefined;
}

/** Thrown inside a reading that has found enough; never leaves `readOnnx`. */
export class EnoughProblems extends Error {}

const problemLimit = 50;
const nestingLimit = 64;
/** No name, and no metadata entry, is longer; a hostile length must not become a string of gigabytes. */
const textLimitBytes = 64 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Reading {
  readonly scanner: ProtoScanner;
  readonly problems: FormatProblem[] = [];
  readonly external: ExternalData | undefined;
  /** External tensors met so far. A record is `external` when this grew while it was read. */
  externalTensors = 0;
  /** References to function attributes are only valid inside one. */
  insideFunction = false;
  readonly #path: string[] = [];
  readonly #opened = new Map<string, ByteSource>();
  #depth = 0;

  constructor(source: ByteSource, windowBytes: number | undefined, external: ExternalData | undefined) {
    this.scanner = new ProtoScanner(source, windowBytes);
    this.external = external;
  }

  get source(): ByteSource {
    return this.scanner.source;
  }

  readonly problem = (offsetBytes: number, what: string): void => {
    this.problems.push({ offsetBytes, path: this.#path.join('.'), what });
    if (this.problems.length >= problemLimit) throw new EnoughProblems();
  };

  /** Runs `read` with `segment` added to the path of messages. */
  within<T>(segment: string, read: () => T): T {
    this.#path.push(segment);
    const result = read();
    this.#path.pop();
    return result;
  }

  /** Like `within`, one subgraph deeper; undefined, after a report, beyond the limit. */
  deeper<T>(at: number, segment: string, read: () => T): T | undefined {
    if (this.#depth >= nestingLimit) {
      this.problem(at, `subgraphs are nested more than ${nestingLimit} deep`);
      return undefined;
    }
    this.#depth++;
    const result = this.within(segment, read);
    this.#depth--;
    return result;
  }

  /** The message's fields with their names. A known field of the wrong wire type is reported and left out. */
  *fields<Name extends string>(schema: MessageSchema<Name>, span: Span): Generator<NamedField<Name>> {
    const seen = new Set<Name>();
    for (const field of this.scanner.fields(span, this.problem)) {
      const spec = schema.byNumber.get(field.number);
      if (spec === undefined) {
        yield named(field, undefined);
        continue;
      }
      const packed = spec.repeated && field.wire === 2;
      if (field.wire !== wireTypes[spec.kind] && !packed) {
        this.problem(
          field.start,
          `field ${spec.name} of ${schema.name} has wire type ${field.wire}, not ${wireTypes[spec.kind]}`,
        );
        continue;
      }
      // Protobuf would merge the two; nothing writes that, so it is damage or an attack on readers that differ.
      if (spec.kind === 'message' && !spec.repeated) {
        if (seen.has(spec.name)) {
          this.problem(field.start, `field ${spec.name} of ${schema.name} appears twice`);
          continue;
        }
        seen.add(spec.name);
      }
      yield named(field, spec.name);
    }
  }

  bytes(field: Field): Uint8Array {
    return this.scanner.bytes(field.offset, field.length);
  }

  /** The payload as UTF-8; undefined when it is none, or too long to be a name. */
  textOrUndefined(field: Field): string | undefined {
    if (field.length > textLimitBytes) return undefined;
    try {
      return utf8.decode(this.bytes(field));
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** The payload as UTF-8; '' after a report when it is none. */
  text(field: Field): string {
    const text = this.textOrUndefined(field);
    if (text === undefined) this.problem(field.offset, 'the text is not valid UTF-8, or is over 64 MB');
    return text ?? '';
  }

  /** The payload, unread. */
  payload(field: Field): ByteRange {
    return { source: this.source, offset: field.offset, length: field.length };
  }

  /** The field with its tag, unread. */
  whole(field: Field): ByteRange {
    return {
      source: this.source,
      offset: field.start,
      length: field.offset + field.length - field.start,
    };
  }

  /** The external file, opened once; undefined when nobody can give it. */
  openExternal(location: string): ByteSource | undefined {
    if (this.external === undefined) return undefined;
    let source = this.#opened.get(location);
    if (source === undefined) {
      source = this.external(location);
      this.#opened.set(location, source);
    }
    return source;
  }
}

export function spanOf(field: Field): Span {
  return { start: field.offset, end: field.offset + field.length };
}

/** A signed integer field as a number; undefined, after a report, beyond 2^53. */
export function integerOf(reading: Reading, field: Field): number | undefined {
  const value = (field.high | 0) * 4294967296 + field.low;
  if (Number.isSafeInteger(value)) return value;
  reading.problem(field.offset, `the number ${value} is beyond 2^53`);
  return undefined;
}

/** Spelled out: spreading is slow, and this runs for every field of a file. */
function named<Name extends string | undefined>(field: Field, name: Name) {
  const { number, wire, start, offset, length, low, high } = field;
  return { number, wire, start, offset, length, low, high, name };
}
