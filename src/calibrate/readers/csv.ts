/** Comma-separated values after RFC 4180: quotes, doubled quotes, line breaks within quotes; LF, CRLF or CR. */
import { OctavoError } from '../../base/errors.ts';

export interface CsvRow {
  /** Line of the file on which the row starts, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** All rows, blank lines left out; a byte order mark is dropped. Throws DATA naming the line of a stray or open quote. */
export function parseCsv(text: string, where: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  const fail = (line: number, what: string): OctavoError =>
    new OctavoError({
      code: 'DATA',
      where: `${where}, line ${line}`,
      what,
      remedy: 'Put cells with commas, quotes or line breaks in double quotes, and double the quotes within',
    });
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  const plain = /[^",\r\n]*/y;
  const quoted = /"([^"]*(?:""[^"]*)*)"/y;
  const end = /,|\r\n|\n|\r|$/y;
  while (at < text.length) {
    const cells: string[] = [];
    const start = line;
    for (let more = true; more; ) {
      const isQuoted = text[at] === '"';
      const pattern = isQuoted ? quoted : plain;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) throw fail(line, 'a quote is opened and never closed');
      cells.push(isQuoted ? match[1]!.replaceAll('""', '"') : match[0]);
      if (isQuoted) line += match[0].match(/\r\n|\n|\r/g)?.length ?? 0;
      at = pattern.lastIndex;
      end.lastIndex = at;
      const stop = end.exec(text);
      if (stop === null) throw fail(line, 'a quote stands inside a cell');
      at = end.lastIndex;
      more = stop[0] === ',';
      if (stop[0] !== '' && !more) line++;
    }
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: start, cells });
  }
  return rows;
}
