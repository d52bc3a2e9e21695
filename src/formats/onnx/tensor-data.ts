/**
 * The element fields of TensorProto: which one a dtype uses, how many entries it needs, and its entries as the
 * little-endian storage bytes every Tensor has. Entries are decoded when somebody looks.
 */
import type { ByteSource } from '../../base/bytes.ts';
import { concatBytes } from '../../base/bytes.ts';
import type { DType } from '../../ir/index.ts';
import { dtypes, storageBytes } from '../../ir/index.ts';
import type { Report, Span } from '../../wire/protobuf.ts';
import { ProtoScanner } from '../../wire/protobuf.ts';

export type DataField =
  | 'float_data'
  | 'double_data'
  | 'int32_data'
  | 'int64_data'
  | 'uint64_data'
  | 'string_data';

/** The only typed field a tensor of the dtype may use. */
export function dataFieldOf(dtype: DType): DataField {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return 'float_data';
    case 'float64':
    case 'complex128':
      return 'double_data';
    case 'int64':
      return 'int64_data';
    case 'uint32':
    case 'uint64':
      return 'uint64_data';
    case 'string':
      return 'string_data';
    default:
      return 'int32_data';
  }
}

/** Entries the field must have for `count` elements: a complex one takes two, sub-byte ones share a byte. */
export function entriesOf(dtype: DType, count: number): number {
  if (dtype === 'complex64' || dtype === 'complex128') return 2 * count;
  const { bits } = dtypes[dtype];
  return bits > 0 && bits < 8 ? storageBytes(dtype, count) : count;
}

/** Bytes of a fixed-width entry; 0 for varints. */
export function fixedWidth(field: DataField): 0 | 4 | 8 {
  return field === 'float_data' ? 4 : field === 'double_data' ? 8 : 0;
}

/** Where the entries lie: flat pairs of start and end, because unpacked fields have one stretch an entry. */
export class EntrySpans {
  readonly #bounds: number[] = [];
  entries = 0;

  add(span: Span, entries: number): void {
    this.#bounds.push(span.start, span.end);
    this.entries += entries;
  }

  /** The one stretch that holds everything, when there is just one. */
  get single(): Span | undefined {
    return this.#bounds.length === 2 ? { start: this.#bounds[0]!, end: this.#bounds[1]! } : undefined;
  }

  *[Symbol.iterator](): Generator<Span> {
    for (let i = 0; i < this.#bounds.length; i += 2)
      yield { start: this.#bounds[i]!, end: this.#bounds[i + 1]! };
  }
}

const ignore: Report = () => {};

/** How many varints a packed payload holds; undefined, after a report, when it is damaged. */
export function countVarints(scanner: ProtoScanner, span: Span, report: Report): number | undefined {
  let count = 0;
  const whole = scanner.varints(span, report, () => {
    count++;
  });
  return whole ? count : undefined;
}

/** The storage bytes. Entries were counted when the file was read; integers keep their low bits, as a C cast does. */
export function decodeEntries(
  source: ByteSource,
  spans: EntrySpans,
  target: { readonly dtype: DType; readonly count: number },
): Uint8Array {
  const scanner = new ProtoScanner(source);
  if (fixedWidth(dataFieldOf(target.dtype)) > 0) {
    const pieces: Uint8Array[] = [];
    for (const span of spans) pieces.push(scanner.bytes(span.start, span.end - span.start));
    return concatBytes(pieces);
  }
  const bytes = new Uint8Array(storageBytes(target.dtype, target.count));
  const view = new DataView(bytes.buffer);
  const width = Math.max(1, dtypes[target.dtype].bits / 8);
  let at = 0;
  const store = (low: number, high: number): void => {
    if (width === 1) bytes[at] = low;
    else if (width === 2) view.setUint16(at, low, true);
    else view.setUint32(at, low, true);
    if (width === 8) view.setUint32(at + 4, high, true);
    at += width;
  };
  for (const span of spans) scanner.varints(span, ignore, store);
  return bytes;
}
