/** The header of a .npy: a Python dict literal with exactly three keys, read by a small grammar. */
import { FormatError, UnsupportedError } from '../base/errors.ts';
import type { NumericDType } from '../ir/index.ts';

export interface NpyHeader {
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
}

/** numpy's kind and width to Octavo's type. */
const plain = {
  b1: 'bool',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
} as const satisfies Record<string, NumericDType>;

/** numpy's own limit. */
const mostDims = 64;

/** Why a type is refused, by its kind letter. */
const refused: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  O: ['it holds pickled Python objects', 'Save numbers: array.astype("float32")'],
  V: ['it holds raw records (bfloat16 is saved so too)', 'Save numbers: array.astype("float32")'],
  S: ['it holds byte strings', 'Save numbers, class indices for labels'],
  U: ['it holds strings', 'Save numbers, class indices for labels'],
  c: ['it holds complex numbers', 'Save the real and imaginary parts as float32'],
  M: ['it holds dates', 'Save numbers: array.astype("float32")'],
  m: ['it holds time spans', 'Save numbers: array.astype("float32")'],
  f: ['it holds floats of a width other than 2, 4 or 8 bytes', 'Save array.astype("float32")'],
};

/** `at`: where the header lies in the file, for messages. */
export function parseNpyHeader(bytes: Uint8Array, name: string, at: number): NpyHeader {
  const text = String.fromCharCode(...bytes.subarray(0, 4096), ...bytes.subarray(4096, 8192));
  const fail = (what: string): FormatError =>
    new FormatError(name, [{ offsetBytes: at, path: 'header', what }], 'Save it again with numpy.save');
  const descr = /^\s*\{.*'descr'\s*:\s*(\[|'([^']{0,40})')/s.exec(text);
  if (descr?.[1] === '[')
    throw new UnsupportedError({
      where: name,
      what: 'it holds records of several fields',
      remedy: 'Save each field as an array of its own',
    });
  const fields = new Map<string, string>();
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,L]*\))\s*(,|(?=\}))/y;
  const open = /^\s*\{/.exec(text);
  if (open === null) throw fail('it is not a Python dict');
  entry.lastIndex = open[0].length;
  let end = entry.lastIndex;
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    if (fields.has(match[1]!)) throw fail(`'${match[1]}' stands there twice`);
    fields.set(match[1]!, match[2]!);
    end = entry.lastIndex;
  }
  if (!/^\s*\}\s*$/.test(text.slice(end)) || text.length !== bytes.length)
    throw fail('it is not the dict that numpy writes');
  const type = fields.get('descr');
  const order = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (fields.size !== 3 || type?.[0] !== "'" || (order !== 'True' && order !== 'False') || shape?.[0] !== '(')
    throw fail("it must have 'descr', 'fortran_order' and 'shape', and nothing else");
  return {
    ...parseType(type.slice(1, -1), name),
    dims: parseShape(shape, fail),
    fortranOrder: order === 'True',
  };
}

function parseType(descr: string, name: string): Pick<NpyHeader, 'dtype' | 'bigEndian'> {
  const order = descr[0]!;
  const code = descr.slice(1);
  if ((order === '<' || order === '>' || order === '|') && Object.hasOwn(plain, code)) {
    const wide = !code.endsWith('1');
    if (!wide || order !== '|')
      return { dtype: plain[code as keyof typeof plain], bigEndian: wide && order === '>' };
  }
  const [what, remedy] = refused[descr[1] ?? ''] ?? [
    `it holds values of type '${descr}'`,
    'Save numbers: array.astype("float32")',
  ];
  throw new UnsupportedError({ where: name, what, remedy });
}

function parseShape(text: string, fail: (what: string) => FormatError): readonly number[] {
  // (), (3,), (3, 4), (3, 4,); Python 2 wrote 3L.
  if (!/^\(\s*(\d+L?\s*(,\s*\d+L?\s*)*,?\s*)?\)$/.test(text) || /^\(\s*\d+L?\s*\)$/.test(text))
    throw fail(`${text} is not a shape`);
  const dims = (text.match(/\d+/g) ?? []).map(Number);
  if (dims.length > mostDims) throw fail(`${dims.length} axes are too many`);
  if (!dims.every(Number.isSafeInteger) || !Number.isSafeInteger(dims.reduce((a, b) => a * b, 1)))
    throw fail(`shape ${text} is too large`);
  return dims;
}
