/**
 * Numbers, bytes and tensor contents in the text form. Floats are the shortest decimals that come back to the
 * same bits, and a NaN with an unusual payload says it.
 */
import { elementCount } from '../base/integer.ts';
import { lcg } from '../base/random.ts';
import { dtypes, storageBytes } from './dtype.ts';
import { Tensor } from './tensor.ts';
import type { Token, TokenReader } from './text-tokens.ts';

/** `brief` prints a hash for what is large: for people and golden files, not to be parsed. `full` prints everything. */
export type TextMode = 'brief' | 'full';

const mostPrinted = 16;
/** A text cannot ask for more random elements than this. */
const mostRandom = 1 << 24;

const quietNaN32 = 0x7fc00000;
const quietNaN64 = 0x7ff8000000000000n;

/** Shortest decimal that rounds to the float32. NaN payloads are the tensor's business. */
export function float32Text(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** As above, with a point or exponent so that it is not taken for an integer. */
export function floatAttributeText(value: number): string {
  const text = float32Text(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const specials: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** The number a word says, or undefined. */
export function toFloat(text: string): number | undefined {
  return Object.hasOwn(specials, text) ? specials[text] : decimal.test(text) ? Number(text) : undefined;
}

/** The integer a word says; bounded, because a BigInt of a million digits takes for ever. */
export function toInteger(text: string): bigint | undefined {
  return /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

export function fromBase64(reader: TokenReader, token: Token): Uint8Array {
  try {
    return Uint8Array.from(atob(token.text), (c) => c.charCodeAt(0));
  } catch (cause) {
    return reader.fail('this is not base64', token, cause);
  }
}

/** FNV-1a, 32 bits: tells two contents apart in a golden file, no more. */
function hash(bytes: Uint8Array): string {
  let h = 0x811c9dc5;
  // By index: an iterator over a weight of many megabytes takes seconds.
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return (h >>> 0).toString(16).padStart(8, '0');
}

/** Bytes with no meaning here. */
export function bytesText(bytes: Uint8Array, mode: TextMode): string {
  return mode === 'full' ? `base64 "${base64(bytes)}"` : `hash ${hash(bytes)}`;
}

export function parseBytes(reader: TokenReader): Uint8Array {
  refuseHash(reader);
  reader.expect('base64');
  return fromBase64(reader, reader.quoted('base64'));
}

function refuseHash(reader: TokenReader): void {
  if (reader.isWord('hash'))
    reader.fail('this text was printed in brief mode and holds only a hash of the content; print it in full');
}

/** UTF-8 bytes as a quoted string when they are valid UTF-8, else as base64. */
export function stringText(bytes: Uint8Array): string {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return `base64 "${base64(bytes)}"`;
  }
}

export function parseString(reader: TokenReader): Uint8Array {
  if (reader.isWord('base64')) return parseBytes(reader);
  return new TextEncoder().encode(reader.quoted('a string').text);
}

/** The content of a tensor; its dtype and dims stand before it. */
export function tensorText(tensor: Tensor, mode: TextMode): string {
  const small = tensor.size <= mostPrinted;
  if (tensor.dtype === 'string') {
    const strings = tensor.strings();
    if (small || mode === 'full') return `[${strings.map(stringText).join(', ')}]`;
    return `hash ${hash(new TextEncoder().encode(strings.map(stringText).join()))}`;
  }
  const values = small ? valuesText(tensor) : undefined;
  if (values !== undefined) return `[${values.join(', ')}]`;
  const bytes = tensor.bytes();
  return small ? `base64 "${base64(bytes)}"` : bytesText(bytes, mode);
}

function valuesText(tensor: Tensor): string[] | undefined {
  switch (tensor.dtype) {
    case 'float32': {
      const data = tensor.data('float32');
      const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
      return Array.from(data, (v, i) =>
        Number.isNaN(v) && bits[i] !== quietNaN32 ? `nan0x${bits[i]!.toString(16)}` : float32Text(v),
      );
    }
    case 'float64': {
      const data = tensor.data('float64');
      const bits = new BigUint64Array(data.buffer, data.byteOffset, data.length);
      return Array.from(data, (v, i) => {
        if (Number.isNaN(v)) return bits[i] === quietNaN64 ? 'nan' : `nan0x${bits[i]!.toString(16)}`;
        return Object.is(v, -0) ? '-0' : String(v).replace('Infinity', 'inf');
      });
    }
    case 'int64':
    case 'uint64':
      return Array.from(tensor.data(tensor.dtype) as BigInt64Array, String);
    case 'int8':
    case 'uint8':
    case 'bool':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'uint32':
      return tensor.toNumbers().map(String);
    default:
      return undefined;
  }
}

/** The content of a tensor of that dtype and those dims: `[values]`, `base64 "..."` or `random(seed, scale)`. */
export function parseTensor(reader: TokenReader, dtype: Tensor['dtype'], dims: readonly number[]): Tensor {
  refuseHash(reader);
  const start = reader.peek();
  const size = elementCount(dims);
  if (reader.isWord('random')) return parseRandom(reader, dtype, dims);
  if (dtype === 'string') {
    const strings = reader.list('[', ']', () => parseString(reader));
    if (strings.length !== size) reader.fail(`${strings.length} strings do not fill ${size} places`, start);
    return Tensor.ofStrings(dims, strings);
  }
  if (reader.isWord('base64')) {
    const bytes = parseBytes(reader);
    if (bytes.length !== storageBytes(dtype, size))
      reader.fail(`${bytes.length} bytes, where ${storageBytes(dtype, size)} are needed`, start);
    return Tensor.lazy(dtype, dims, () => bytes);
  }
  const words = reader.list('[', ']', () => reader.word('a number'));
  if (words.length !== size) reader.fail(`${words.length} values do not fill ${size} places`, start);
  return parseValues(reader, { dtype, dims, words });
}

interface Values {
  readonly dtype: Tensor['dtype'];
  readonly dims: readonly number[];
  readonly words: readonly Token[];
}

function parseValues(reader: TokenReader, { dtype, dims, words }: Values): Tensor {
  const float = (token: Token): number =>
    toFloat(token.text) ?? reader.fail(`'${token.text}' is not a number`, token);
  switch (dtype) {
    case 'float32': {
      const data = new Float32Array(words.length);
      const bits = new Uint32Array(data.buffer);
      words.forEach((token, i) => {
        const payload = /^nan0x([0-9a-f]{1,8})$/.exec(token.text);
        if (payload) bits[i] = Number.parseInt(payload[1]!, 16);
        else if (token.text === 'nan') bits[i] = quietNaN32;
        else data[i] = float(token);
      });
      return Tensor.of('float32', dims, data);
    }
    case 'float64': {
      const data = new Float64Array(words.length);
      const bits = new BigUint64Array(data.buffer);
      words.forEach((token, i) => {
        const payload = /^nan0x([0-9a-f]{1,16})$/.exec(token.text);
        if (payload) bits[i] = BigInt(`0x${payload[1]}`);
        else if (token.text === 'nan') bits[i] = quietNaN64;
        else data[i] = float(token);
      });
      return Tensor.of('float64', dims, data);
    }
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'uint64':
    case 'bool': {
      const signed = dtype.startsWith('int');
      const bits = BigInt(dtypes[dtype].bits - (signed ? 1 : 0));
      const max = dtype === 'bool' ? 1n : 2n ** bits - 1n;
      const min = signed ? -(2n ** bits) : 0n;
      return Tensor.from(
        dtype,
        dims,
        words.map((token) => {
          const value = toInteger(token.text);
          return value !== undefined && value >= min && value <= max
            ? value
            : reader.fail(`'${token.text}' is not a value of type ${dtype}`, token);
        }),
      );
    }
    default:
      return reader.fail(`a ${dtype} tensor is written in base64`, words[0]);
  }
}

/** `random(seed, scale)`: uniform in (-scale, scale), so that golden files stay short. */
function parseRandom(reader: TokenReader, dtype: Tensor['dtype'], dims: readonly number[]): Tensor {
  const start = reader.next();
  const [seed, scale, ...more] = reader.list('(', ')', () => toFloat(reader.word('a number').text));
  if (dtype !== 'float32' || seed === undefined || scale === undefined || more.length > 0)
    return reader.fail('random is written random(seed, scale) and makes float32', start);
  const size = elementCount(dims);
  if (size > mostRandom) return reader.fail(`random makes at most ${mostRandom} elements`, start);
  const next = lcg(seed);
  return Tensor.of(
    'float32',
    dims,
    Float32Array.from({ length: size }, () => (2 * next() - 1) * scale),
  );
}
