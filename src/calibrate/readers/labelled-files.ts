/** Files of one sample each, with what labels.csv or their folders say of them. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Note } from '../../base/errors.ts';
import { OctavoError } from '../../base/errors.ts';
import type { Split } from '../dataset.ts';
import type { LabelledFile, LabelledFiles } from './file-labels.ts';
import { inTurns, labelsByFolder, labelsByTable } from './file-labels.ts';
import { unreadable } from './file-source.ts';

const mostTableBytes = 256 * 2 ** 20;

export const tableName = 'labels.csv';

export interface LabelledListing {
  /** In the order in which they are used. */
  readonly entries: readonly LabelledFile[];
  readonly splits?: readonly (Split | undefined)[];
  /** Distinct labels, where there are labels. */
  readonly classes?: number;
  readonly notes: readonly Note[];
}

/**
 * `files`: sorted paths below `folder`; `kind`: what messages call them, in plural. Where labels are known and
 * splits are not, in turns of one file a class. Throws DATA when labels.csv does not fit.
 */
export function labelledFiles(folder: string, files: readonly string[], kind: string): LabelledListing {
  const found = labelled(folder, files, kind);
  const hasSplits = found.entries.some((e) => e.split !== undefined);
  const labels = new Set(found.entries.map((e) => e.label).filter((label) => label !== undefined));
  const entries = labels.size > 0 && !hasSplits ? inTurns(found.entries) : found.entries;
  return {
    entries,
    ...(hasSplits ? { splits: entries.map((e) => e.split) } : {}),
    ...(labels.size === 0 ? {} : { classes: labels.size }),
    notes: found.notes,
  };
}

function labelled(folder: string, files: readonly string[], kind: string): LabelledFiles {
  const table = join(folder, tableName);
  let bytes: number;
  try {
    bytes = statSync(table).size;
  } catch {
    return labelsByFolder(files, folder, kind);
  }
  if (bytes > mostTableBytes)
    throw new OctavoError({
      code: 'DATA',
      where: table,
      what: `a table of ${bytes} bytes is over the limit of ${mostTableBytes}`,
      remedy: 'Leave out columns other than file, label and split',
    });
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch (cause) {
    throw unreadable(table, cause);
  }
  return labelsByTable(text, files, { table, kind });
}
