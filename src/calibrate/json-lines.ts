/**
 * JSON lines: a sample a line. All lines are parsed once when the file is opened, so that labels and splits are known
 * and a broken line is found before anything runs; the numbers are read again when their sample's turn comes.
 */
import type { ByteSource } from '../base/bytes.ts';
import { concatBytes } from '../base/bytes.ts';
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { Port } from '../ir/index.ts';
import type { OpenedDataset } from './dataset.ts';
import type { ImageOptions } from './images/index.ts';
import { openSamples } from './open-samples.ts';
import type { WrittenSides } from './written-sample.ts';
import { sidesOf, tensorsOf } from './written-sample.ts';

/** A line takes some ten times its length in memory while it is parsed. */
export const mostLineBytes = 64 * 2 ** 20;
const chunkBytes = 1 << 20;
const newline = 0x0a;

interface Line {
  /** Of the file, from 1. */
  readonly line: number;
  readonly offset: number;
  readonly length: number;
}

export interface JsonLinesOptions extends ImageOptions {
  /** Default 64 MiB. */
  readonly mostLineBytes?: number;
}

/**
 * Each line is an object: values by input name (nested arrays, or `{ data, dims, dtype }`), `label`, `split`. Blank
 * lines are skipped; UTF-8, a byte order mark is dropped. Throws DATA naming file and line.
 */
export function openJsonLines(
  source: ByteSource,
  name: string,
  to: { readonly inputs: readonly Port[]; readonly options?: JsonLinesOptions },
): OpenedDataset {
  const { inputs, options = {} } = to;
  const { mostLineBytes: most = mostLineBytes, ...imageOptions } = options;
  const taken = new Set(inputs.map((port) => port.name));
  const lines: Line[] = [];
  const sides: WrittenSides[] = [];
  const ignored = new Set<string>();
  for (const line of linesOf(source, name, most)) {
    const object = parsed(line.bytes, `${name}, line ${line.line}`);
    if (object === undefined) continue;
    const { values, side } = parted(object, taken);
    sides.push(sidesOf(side, `${name}, line ${line.line}`));
    if (inputs.length > 1 || Object.keys(values).length > 1)
      for (const key of Object.keys(values)) if (!taken.has(key) && ignored.size < 1000) ignored.add(key);
    lines.push({ line: line.line, offset: line.offset, length: line.bytes.length });
  }
  const unused = [...ignored];
  const notes: Note[] =
    unused.length === 0
      ? []
      : [
          {
            code: 'values-ignored',
            where: name,
            what: `no input is named ${unused
              .slice(0, 5)
              .map((key) => `'${key}'`)
              .join(', ')}${unused.length > 5 ? ` (and ${unused.length - 5} more)` : ''}`,
          },
        ];
  return openSamples(
    {
      name,
      kind: 'JSON lines',
      size: lines.length,
      labels: sides.map((side) => side.label),
      splits: sides.map((side) => side.split),
      notes,
      find(position) {
        const { line, offset, length } = lines[position]!;
        const where = `${name}, line ${line}`;
        const object = parsed(source.read(offset, length), where);
        if (object === undefined) throw changed(where);
        return { name: where, tensors: tensorsOf(parted(object, taken).values, inputs, where) };
      },
    },
    inputs,
    imageOptions,
  );
}

type Values = Readonly<Record<string, unknown>>;

/** `label` and `split` stand beside the values, unless an input has that name. */
function parted(object: Values, taken: ReadonlySet<string>): { values: Values; side: Values } {
  const isSide = (key: string): boolean => !taken.has(key) && (key === 'label' || key === 'split');
  const entries = Object.entries(object);
  return {
    values: Object.fromEntries(entries.filter(([key]) => !isSide(key))),
    side: Object.fromEntries(entries.filter(([key]) => isSide(key))),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined for a blank line. */
function parsed(bytes: Uint8Array, where: string): Values | undefined {
  let value: unknown;
  try {
    const text = utf8.decode(bytes).trim();
    if (text === '') return undefined;
    value = JSON.parse(text);
  } catch (cause) {
    throw new OctavoError({
      code: 'DATA',
      where,
      what: `it is not JSON (${cause instanceof SyntaxError ? cause.message : 'the bytes are not UTF-8'})`,
      remedy: 'Write one object a line, with no line break within',
      cause,
    });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Values;
  throw new OctavoError({
    code: 'DATA',
    where,
    what: 'it is JSON, but no object',
    remedy: 'Write an object from input names to values',
  });
}

function changed(where: string): OctavoError {
  return new OctavoError({
    code: 'DATA',
    where,
    what: 'the file changed while it was read',
    remedy: 'Run it again on a file that stays as it is',
  });
}

function* linesOf(
  source: ByteSource,
  name: string,
  most: number,
): Generator<Omit<Line, 'length'> & { bytes: Uint8Array }> {
  let line = 1;
  let start = 0;
  let pieces: Uint8Array[] = [];
  let held = 0;
  const hold = (piece: Uint8Array): void => {
    held += piece.length;
    if (held > most)
      throw new OctavoError({
        code: 'DATA',
        where: `${name}, line ${line}`,
        what: `it is longer than ${most} bytes`,
        remedy: 'Save large samples as .npz, or a .npy for each input',
      });
    pieces.push(piece);
  };
  for (let at = 0; at < source.size; at += chunkBytes) {
    const chunk = source.read(at, Math.min(chunkBytes, source.size - at));
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      hold(chunk.subarray(from, end));
      yield { line, offset: start, bytes: concatBytes(pieces) };
      line++;
      pieces = [];
      held = 0;
      from = end + 1;
      start = at + from;
    }
    // A copy: the source may use its buffer again.
    hold(chunk.slice(from));
  }
  if (held > 0) yield { line, offset: start, bytes: concatBytes(pieces) };
}
