/** What each file's sample is and which side it serves: by labels.csv, or by the folders it lies in. */
import type { Note } from '../../base/errors.ts';
import { OctavoError } from '../../base/errors.ts';
import type { Split } from '../dataset.ts';
import { splitOfWord, splitWords } from '../split-words.ts';
import type { CsvRow } from './csv.ts';
import { parseCsv } from './csv.ts';
import { compareCodeUnits } from './list-files.ts';

export interface LabelledFile {
  /** From the data folder, with '/' between. */
  readonly path: string;
  readonly label?: number;
  readonly split?: Split;
}

export interface LabelledFiles {
  readonly entries: readonly LabelledFile[];
  readonly notes: readonly Note[];
}

const maxLabel = 2 ** 31 - 1;

function entry(path: string, label: number | undefined, split: Split | undefined): LabelledFile {
  return { path, ...(label === undefined ? {} : { label }), ...(split === undefined ? {} : { split }) };
}

/** Names to 0, 1, ... in their sorted order. */
function indicesOf(names: Iterable<string>): ReadonlyMap<string, number> {
  return new Map([...new Set(names)].sort(compareCodeUnits).map((name, index) => [name, index]));
}

/**
 * Labels by folder: `class/file`, or `split/class/file` where every top folder is a word for a split.
 * Files that lie otherwise have no label.
 */
export function labelsByFolder(files: readonly string[], where: string, kind: string): LabelledFiles {
  const parts = files.map((path) => path.split('/'));
  const splitOf = (path: readonly string[]): Split | undefined =>
    path.length > 1 ? splitOfWord(path[0]!) : undefined;
  const hasSplits = parts.every((path) => splitOf(path) !== undefined);
  const depth = hasSplits ? 1 : 0;
  const folders = parts.map((path) => (path.length > depth + 1 ? path[depth]! : undefined));
  const classes = indicesOf(folders.filter((folder) => folder !== undefined));
  const loose = folders.filter((folder) => folder === undefined).length;
  const labelled = classes.size > 1 && loose === 0;
  const notes: Note[] = [];
  if (classes.size > 1 && loose > 0)
    notes.push({
      code: 'folders-not-classes',
      where,
      what: `${loose} of ${files.length} ${kind} lie outside the ${classes.size} subfolders, so these are not taken as classes`,
    });
  const entries = files.map((path, i) =>
    entry(path, labelled ? classes.get(folders[i]!) : undefined, hasSplits ? splitOf(parts[i]!) : undefined),
  );
  return { entries, notes };
}

export interface TableName {
  /** The table's path. */
  readonly table: string;
  /** What messages call the files, in plural. */
  readonly kind: string;
}

/**
 * Labels by a table with the columns `file`, `label` and maybe `split`, in any order among others. Files are
 * paths from the table's folder or from its `images` folder. Throws DATA when files are missing, or a line is
 * wrong; files it does not name are left out, and noted.
 */
export function labelsByTable(text: string, files: readonly string[], named: TableName): LabelledFiles {
  const { table, kind } = named;
  const rows = parseCsv(text, table);
  const header = rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const column = (name: string): number => header.indexOf(name);
  const fail = (line: number, what: string, remedy: string): OctavoError =>
    new OctavoError({ code: 'DATA', where: `${table}, line ${line}`, what, remedy });
  if (column('file') < 0 || column('label') < 0)
    throw fail(
      1,
      "there is no column 'file' or none 'label'",
      'Start with the line file,label or file,label,split',
    );
  const body = rows.slice(1);
  if (body.length === 0)
    throw fail(1, 'there is no line under the header', `Add a line for each of the ${kind}`);
  const known = new Set(files);
  const lines = new Map<string, number>();
  const missing: string[] = [];
  const cell = (row: CsvRow, name: string): string => row.cells[column(name)]?.trim() ?? '';
  for (const row of body) {
    if (row.cells.length !== header.length)
      throw fail(
        row.line,
        `there are ${row.cells.length} cells under ${header.length} columns`,
        'Quote cells that contain commas',
      );
    const file = cell(row, 'file');
    const path = pathOf(file, known);
    if (path === undefined) missing.push(file);
    else if (lines.has(path))
      throw fail(row.line, `'${file}' stands on line ${lines.get(path)} already`, 'Name each file once');
    else lines.set(path, row.line);
  }
  if (missing.length > 0)
    throw new OctavoError({
      code: 'DATA',
      where: table,
      what: `${missing.length} of ${body.length} ${kind} it names are not there: ${missing
        .slice(0, 3)
        .map((m) => `'${m}'`)
        .join(', ')}${missing.length > 3 ? ', ...' : ''}`,
      remedy: `Paths are taken from the table's folder or from 'images' in it${kind === 'images' ? '; .jpg, .jpeg, .png and .webp are read' : ''}`,
    });
  const labelOf = labelReader(
    body.map((row) => ({ line: row.line, label: cell(row, 'label') })),
    fail,
  );
  const entries = body.map((row) => {
    const word = cell(row, 'split');
    const split = splitOfWord(word);
    if (word !== '' && split === undefined)
      throw fail(row.line, `'${word}' is no split`, `Splits are ${splitWords.join(', ')}`);
    return entry(pathOf(cell(row, 'file'), known)!, labelOf(cell(row, 'label')), split);
  });
  entries.sort((a, b) => compareCodeUnits(a.path, b.path));
  const left = files.length - entries.length;
  const notes: Note[] = [];
  if (left > 0)
    notes.push({
      code: 'files-not-in-table',
      where: table,
      what: `${left} ${kind} it does not name are left out`,
    });
  return { entries, notes };
}

function pathOf(file: string, known: ReadonlySet<string>): string | undefined {
  const path = file.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  return [path, `images/${path}`].find((candidate) => known.has(candidate));
}

/** Labels are all class indices, or all names, which count in sorted order. */
function labelReader(
  labels: readonly { readonly line: number; readonly label: string }[],
  fail: (line: number, what: string, remedy: string) => OctavoError,
): (label: string) => number | undefined {
  const given = labels.filter(({ label }) => label !== '');
  const isNumber = (label: string): boolean => /^[+-]?\d+(\.\d*)?$/.test(label);
  const numbers = given.filter(({ label }) => isNumber(label));
  if (numbers.length === 0) {
    const classes = indicesOf(given.map(({ label }) => label));
    return (label) => classes.get(label);
  }
  for (const { line, label } of given)
    if (!/^\d+$/.test(label) || Number(label) > maxLabel)
      throw fail(
        line,
        `label '${label}' is no class index from 0`,
        'Give whole numbers everywhere, or names everywhere',
      );
  return (label) => (label === '' ? undefined : Number(label));
}

/**
 * One file of each class in turn, so that a part from the start holds every class. Within a class the order
 * stays; files without a label are a class of their own, the last.
 */
export function inTurns(entries: readonly LabelledFile[]): readonly LabelledFile[] {
  const classes = new Map<number, LabelledFile[]>();
  for (const item of entries) {
    const key = item.label ?? Number.POSITIVE_INFINITY;
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [item]);
    else members.push(item);
  }
  const ordered = [...classes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members);
  const longest = ordered.reduce((most, members) => Math.max(most, members.length), 0);
  const out: LabelledFile[] = [];
  for (let round = 0; round < longest; round++)
    for (const members of ordered) if (round < members.length) out.push(members[round]!);
  return out;
}
