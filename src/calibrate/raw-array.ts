/** Raw binary: numbers and nothing else, so type and shape come from the user or from the model's input. Browser-safe. */
import type { ByteSource } from '../base/bytes.ts';
import { invalidArgument, OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { NumericDType, Port } from '../ir/index.ts';
import { dtypeOf, isNumericDType, shapeOf, storageBytes } from '../ir/index.ts';
import { shapeText } from './images/index.ts';
import type { NpyArray } from './npy.ts';

export interface RawOptions {
  /** Of the elements in raw files. Default: the type of the input. */
  readonly rawDtype?: NumericDType;
  /** Of one sample in raw files, without a batch axis. Default: the shape of the input. */
  readonly rawShape?: readonly number[];
}

/**
 * Little-endian elements, samples one after the other, as an array [samples, ...]. Throws INVALID_ARGUMENT where
 * neither options nor model say a shape, DATA where the bytes are not a whole number of samples.
 */
export function rawArray(source: ByteSource, name: string, port: Port, options: RawOptions = {}): NpyArray {
  const dtype = rawDtype(port, options);
  const dims = rawDims(port, options);
  const sampleBytes = storageBytes(dtype, elementCount(dims));
  const count = source.size / sampleBytes;
  if (source.size === 0 || !Number.isInteger(count))
    throw new OctavoError({
      code: 'DATA',
      where: name,
      what: `its ${source.size} bytes are no whole number of samples: one of ${dtype} ${shapeText(dims)} takes ${sampleBytes}`,
      remedy: 'Say with --raw-dtype and --raw-shape what the file holds; a header has to be cut off',
    });
  return {
    name,
    dtype,
    dims: [count, ...dims],
    bigEndian: false,
    fortranOrder: false,
    data: { source, offset: 0, length: source.size },
  };
}

function rawDtype(port: Port, options: RawOptions): NumericDType {
  const dtype = options.rawDtype ?? dtypeOf(port.type);
  if (dtype !== undefined && isNumericDType(dtype)) return dtype;
  throw invalidArgument(
    'option raw-dtype',
    `elements of type ${dtype ?? 'unknown'} are not read from raw files`,
    'Give --raw-dtype float32, or another type of number',
  );
}

function rawDims(port: Port, options: RawOptions): readonly number[] {
  const shape = shapeOf(port.type);
  const given = options.rawShape;
  // A batch of 1, or an open one, is not in the file.
  const own = shape !== undefined && typeof shape[0] === 'number' && shape[0] !== 1 ? shape : shape?.slice(1);
  const dims = given ?? own;
  const openDims = (own ?? []).filter((d) => typeof d === 'string');
  if (dims === undefined || !dims.every((d) => typeof d === 'number'))
    throw invalidArgument(
      `input '${port.name}'`,
      `its shape ${shape === undefined ? 'is unknown' : shapeText(shape)}${shape === undefined ? '' : ' is open'}, so raw bytes cannot be told apart`,
      openDims.length > 0
        ? `Give the shape of one sample (--raw-shape 3x224x224) or, of a model with several inputs, the sizes (--dim ${openDims.map((d) => `${d}=8`).join(',')})`
        : 'Give the shape of one sample, for example --raw-shape 3x224x224',
    );
  const known = dims as readonly number[];
  const elements = known.reduce((n, d) => n * d, 1);
  if (!known.every((d) => Number.isSafeInteger(d) && d >= 1) || !Number.isSafeInteger(elements * 8))
    throw invalidArgument(
      given === undefined ? `input '${port.name}'` : 'option raw-shape',
      `${shapeText(known)} is no shape of a sample`,
      'Give whole numbers from 1, for example --raw-shape 3x224x224',
    );
  return known;
}
