/** Tensors whose data lies in another file: where, whether it can be there, and who opens it. */
import type { ByteSource } from '../../base/bytes.ts';
import { readRange } from '../../base/bytes.ts';
import { OctavoError } from '../../base/errors.ts';
import type { DType } from '../../ir/index.ts';
import { storageBytes, Tensor } from '../../ir/index.ts';
import type { Reading } from './reading.ts';
import type { OnnxRecord } from './record.ts';

/** A tensor's record, as far as it is known to make sense. */
export interface ExternalRecord {
  readonly name: string;
  readonly dims: readonly number[];
  readonly externalEntries: ReadonlyMap<string, string>;
  readonly dtype: DType;
  readonly count: number;
  readonly record: OnnxRecord;
  /** Reports what is wrong with the tensor. */
  readonly wrong: (what: string) => undefined;
}

/** The tensor, read when looked at. Its place is checked now when the file can be opened; undefined after a report. */
export function externalTensor(reading: Reading, raw: ExternalRecord): Tensor | undefined {
  const { dtype, count, record, wrong } = raw;
  const location = raw.externalEntries.get('location') ?? '';
  const fault = locationFault(location);
  if (fault !== undefined) return wrong(`its data location '${location}' ${fault}`);
  if (dtype === 'string') return wrong('its strings are external, which ONNX does not allow');
  const wanted = storageBytes(dtype, count);
  const offset = byteNumber(raw.externalEntries.get('offset') ?? '0');
  const length = byteNumber(raw.externalEntries.get('length') ?? String(wanted));
  if (offset === undefined || length === undefined)
    return wrong('the offset or length of its external data is not a number of bytes');
  if (length !== wanted)
    return wrong(
      `its external data has ${length} bytes, where ${dtype}[${raw.dims.join(',')}] needs ${wanted}`,
    );
  const source = openFor(reading, location);
  if (source === undefined)
    return Tensor.lazy(dtype, raw.dims, () => missingData(raw.name, location), record);
  if (offset + length > source.size)
    return wrong(
      `its data is at bytes ${offset} to ${offset + length} of '${location}', which has ${source.size}`,
    );
  return Tensor.lazy(dtype, raw.dims, () => readRange({ source, offset, length }), record);
}

function openFor(reading: Reading, location: string): ByteSource | undefined {
  try {
    return reading.openExternal(location);
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    throw new OctavoError({
      code: 'IO',
      where: location,
      what: 'the external data of the model cannot be opened',
      remedy: 'Put the file beside the model, under the name the model has for it',
      cause: error,
    });
  }
}

function missingData(name: string, location: string): never {
  throw new OctavoError({
    code: 'IO',
    where: `tensor '${name}'`,
    what: `its data lies in '${location}', outside the model file, and nothing was given to open it`,
    remedy: 'Read the model with readOnnxFile, or give readOnnx the option externalData',
  });
}

/** Why a location is refused: it must stay within the model's folder. Undefined when it does. */
export function locationFault(location: string): string | undefined {
  if (location === '') return 'is missing';
  if (/^[/\\]|^[A-Za-z]:/.test(location)) return 'is absolute; it must be relative to the model';
  if (location.split(/[/\\]/).includes('..')) return 'leaves the folder of the model';
  if (location.includes('\0')) return 'holds a zero character';
  return undefined;
}

function byteNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}
