/** `--table` and what else takes a table: Octavo's own, or the calibration cache of another tool, told apart by content. */
import { invalidArgument } from '../base/errors.ts';
import type { CalibrationTable } from '../calibrate/table/table.ts';
import { looksLikeTable, tableFromJson } from '../calibrate/table/table-json.ts';
import type { RangeCache } from '../formats/caches/index.ts';
import { readRangeCache, toolTitles } from '../formats/caches/index.ts';
import { calibrationFromCache } from '../pipeline/calibration-cache.ts';
import type { Calibration, PreparedModel } from '../pipeline.ts';
import { calibrationFromTable } from '../pipeline.ts';
import { readTextFile } from './text-file.ts';

export type TableFile = CalibrationTable | RangeCache;

/** Throws IO and FORMAT. */
export function readTableFile(path: string): TableFile {
  const text = readTextFile(path);
  return looksLikeTable(text) ? tableFromJson(text, path) : readRangeCache(text, path);
}

export function isTable(read: TableFile): read is CalibrationTable {
  return 'statistics' in read;
}

/** For what needs counts; throws INVALID_ARGUMENT for a cache of another tool. */
export function readCountsFile(path: string): CalibrationTable {
  const read = readTableFile(path);
  if (isTable(read)) return read;
  throw invalidArgument(
    path,
    `it is ${toolTitles[read.tool]}: it holds ranges and no counts, on which no method can run`,
    'Give a table of octavo calibrate; octavo quantize --table takes this one',
  );
}

export function calibrationFromFile(prepared: PreparedModel, read: TableFile, path: string): Calibration {
  return isTable(read)
    ? calibrationFromTable(prepared, read, path)
    : calibrationFromCache(prepared, read, path);
}
