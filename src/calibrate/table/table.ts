/**
 * The calibration table: what was measured, not what was concluded. It holds the statistics of every watched tensor, so that
 * any method that is a function of them runs again without the data, and parts measured apart add up to the whole.
 */
import type { Note } from '../../base/errors.ts';
import { CalibrationError, invalidArgument, OctavoError } from '../../base/errors.ts';
import type { Site, Statistics } from '../collect.ts';
import { mergeStatistics } from '../statistic.ts';
import { SampleLedger } from './sample-ledger.ts';

export interface CalibrationTable {
  /** Version of Octavo that measured. */
  readonly octavo: string;
  readonly model: {
    /** `modelHash` of the float model as given. */
    readonly sha256: string;
    readonly graph: string;
  };
  /** Engine and version: another one may differ in the last bits. */
  readonly engine: string;
  /** Sizes given to symbolic dimensions. */
  readonly dims: Readonly<Record<string, number>>;
  readonly samples: SampleLedger;
  /** Present while shards are missing: which of how many are in it, zero-based. */
  readonly shards?: ShardSet | undefined;
  /** By name of the value in the fused float graph. */
  readonly statistics: Statistics;
}

export interface ShardSet {
  /** Increasing. */
  readonly present: readonly number[];
  readonly of: number;
}

/** Shard `index` of `of`: every of-th sample from the index-th on. Zero-based. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** `3/16`. Throws INVALID_ARGUMENT for anything but 0/n to n-1/n. */
export function parseShard(text: string, where: string): Shard {
  const match = /^(\d{1,9})\/(\d{1,9})$/.exec(text);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index >= of)
    throw invalidArgument(
      where,
      `'${text}' is no shard`,
      'Write i/n with i from 0 to n-1: of 16 shards the first is 0/16, the last 15/16',
    );
  return { index, of };
}

/** Positions of a shard among `count`. */
export function shardPositions(count: number, { index, of }: Shard): readonly number[] {
  return Array.from({ length: Math.ceil((count - index) / of) }, (_, i) => index + i * of);
}

/**
 * What the parts have seen together; equal, to the byte of its JSON, to the table of all samples measured at once. Parts of
 * other models, engines, versions or sizes, samples counted twice and shards of other cuts throw INVALID_ARGUMENT or DATA,
 * naming the part by `names`. Notes say which shards are missing.
 */
export function mergeTables(
  tables: readonly CalibrationTable[],
  names: readonly string[] = tables.map((_, i) => `table ${i}`),
): { readonly table: CalibrationTable; readonly notes: readonly Note[] } {
  const [first] = tables;
  if (first === undefined) throw invalidArgument('merge', 'no table is given', 'Give at least one');
  const samples = new SampleLedger();
  const present: number[] = [];
  for (const [i, table] of tables.entries()) {
    checkKin(first, table, names[0]!, names[i]!);
    const twice = samples.sharedWith(table.samples);
    if (twice !== undefined)
      throw countedTwice(twice, names[i]!, names[tables.findIndex((t) => t.samples.has(twice))]!);
    samples.addAll(table.samples);
    present.push(...(table.shards?.present ?? []));
  }
  const statistics = mergeStatistics(tables.map((table) => table.statistics));
  const shards = first.shards && together(present, first.shards.of);
  const { shards: _, ...rest } = first;
  const complete = shards === undefined || shards.present.length === shards.of;
  const table = { ...rest, samples, statistics, ...(complete ? {} : { shards }) };
  return { table, notes: missingShards(table) };
}

function countedTwice(index: number, name: string, before: string): OctavoError {
  return new OctavoError({
    code: 'DATA',
    where: name,
    what: `sample ${index} is in ${before} already, and would weigh twice`,
    remedy: 'Give each table once, and each sample to one shard alone',
  });
}

function together(present: readonly number[], of: number): ShardSet {
  return { present: [...new Set(present)].sort((a, b) => a - b), of };
}

/** What a table of some shards lacks to be whole. */
export function missingShards({ shards }: Pick<CalibrationTable, 'shards'>): readonly Note[] {
  if (shards === undefined) return [];
  const { present, of } = shards;
  const missing = [...Array(of).keys()].filter((i) => !present.includes(i));
  const list = missing.slice(0, 8).map((i) => `${i}/${of}`);
  return [
    {
      code: 'shards-missing',
      where: 'calibration table',
      what: `${missing.length} of ${of} shards are missing (${list.join(', ')}${missing.length > 8 ? ', ...' : ''}): measure them and merge again`,
    },
  ];
}

const said = (value: unknown): string => (value === undefined || value === '' ? 'none' : String(value));

/** Throws INVALID_ARGUMENT when the two cannot be parts of one. */
function checkKin(a: CalibrationTable, b: CalibrationTable, nameA: string, nameB: string): void {
  const differs = (what: string, x: unknown, y: unknown, remedy: string): void => {
    if (JSON.stringify(x) !== JSON.stringify(y))
      throw invalidArgument(nameB, `its ${what} is ${said(y)}, that of ${nameA} is ${said(x)}`, remedy);
  };
  differs('model', a.model.sha256, b.model.sha256, 'Merge tables of one model file');
  differs('engine', a.engine, b.engine, 'Measure all shards with the same engine and version');
  differs('version of Octavo', a.octavo, b.octavo, 'Measure all shards with the same version');
  differs('sizes', sizesOf(a), sizesOf(b), 'Give all shards the same --dim');
  differs('number of shards', a.shards?.of, b.shards?.of, 'Merge shards of one cut, or whole tables');
  differs(
    'list of tensors',
    [...a.statistics.keys()].join(', '),
    [...b.statistics.keys()].join(', '),
    'Measure all shards for the same target',
  );
}

function sizesOf({ dims }: CalibrationTable): string {
  return Object.entries(dims)
    .map(([name, size]) => `${name}=${size}`)
    .sort()
    .join(',');
}

/** The statistics a layout needs, out of a table. Throws CALIBRATION naming the first tensor that the table lacks. */
export function statisticsFor(sites: readonly Site[], table: CalibrationTable, where: string): Statistics {
  return new Map(
    sites.map(({ value, channelAxis }) => {
      const statistic = table.statistics.get(value);
      const lacks =
        statistic === undefined || statistic.samples === 0
          ? 'it was never seen'
          : channelAxis !== undefined && statistic.channels === undefined
            ? 'its channels were not summed'
            : undefined;
      if (lacks !== undefined)
        throw new CalibrationError({
          where: `${where}, tensor '${value}'`,
          what: `a range is asked for, and ${lacks}`,
          remedy: 'Calibrate again, with the --target that the table is for',
        });
      return [value, statistic!];
    }),
  );
}
