/** The statistic as JSON: canonical text, exact numbers, the same on every platform, and checked when read. */
import { fromBase64 } from '../base/base64.ts';
import { OctavoError } from '../base/errors.ts';
import { ExactSum } from '../base/exact-sum.ts';
import { firstNonFiniteKey, magnitudeKeys, magnitudeOf } from './counting/key-counters.ts';
import { ByteReader, ByteWriter } from './packed-numbers.ts';
import type { ChannelSums, Extremes, StatisticState } from './statistic.ts';
import type { SampleExtremes } from './statistic-extremes.ts';
import { ExtremesBySample } from './statistic-extremes.ts';

/** 2: with the extremes of each sample. Texts of version 1 had no version, and are refused. */
const version = 2;

export interface StatisticJson {
  readonly version: number;
  readonly samples: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Least and greatest finite value; null where there is none. */
  readonly min: number | null;
  readonly max: number | null;
  /** Base64 of pairs of LEB128 numbers, by increasing key: keys skipped since the last one, count. */
  readonly counts: string;
  /** Base64, by increasing index, of the samples with a finite value: LEB128 indices skipped, min and max as float32. */
  readonly bySample: string;
  readonly channels?: {
    readonly count: number;
    /** Base64, a channel after the other: LEB128 number of parts, then the canonical parts as little-endian doubles. */
    readonly sums: string;
    /** Base64 of a LEB128 number a channel; absent where all are 0. */
    readonly leftOut?: string;
  };
}

export function encodeStatistic(state: StatisticState): StatisticJson {
  const { samples, nan, positiveInfinity, negativeInfinity } = state;
  const counts = new ByteWriter();
  let expected = 0;
  for (const [i, key] of state.keys.entries()) {
    counts.varint(key - expected);
    counts.varint(state.counts[i]!);
    expected = key + 1;
  }
  const empty = state.keys.length === 0;
  return {
    version,
    samples,
    nan,
    positiveInfinity,
    negativeInfinity,
    min: empty ? null : state.min,
    max: empty ? null : state.max,
    counts: counts.base64(),
    bySample: encodeExtremes(state.bySample),
    ...(state.channels && { channels: encodeChannels(state.channels) }),
  };
}

function encodeExtremes({ length, index, min, max }: SampleExtremes): string {
  const bytes = new ByteWriter();
  let expected = 0;
  for (let i = 0; i < length; i++) {
    bytes.varint(index[i]! - expected);
    bytes.float(min[i]!);
    bytes.float(max[i]!);
    expected = index[i]! + 1;
  }
  return bytes.base64();
}

function encodeChannels({ sums, leftOut }: ChannelSums): NonNullable<StatisticJson['channels']> {
  const sumBytes = new ByteWriter();
  for (const sum of sums) {
    const parts = sum.parts();
    sumBytes.varint(parts.length);
    for (const part of parts) sumBytes.double(part);
  }
  const leftOutBytes = new ByteWriter();
  for (const n of leftOut) leftOutBytes.varint(n);
  return {
    count: sums.length,
    sums: sumBytes.base64(),
    ...(leftOut.some((n) => n > 0) && { leftOut: leftOutBytes.base64() }),
  };
}

/** Throws OctavoError FORMAT naming `where`. */
export function decodeStatistic(json: unknown, where: string): StatisticState {
  const fail = (what: string): never => {
    throw new OctavoError({ code: 'FORMAT', where, what, remedy: 'Calibrate again to make a new table' });
  };
  const record = (value: unknown, name: string): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : fail(`${name} is not an object`);
  const whole = (value: unknown, name: string): number =>
    Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : fail(`${name} is not a whole number`);
  const bytes = (value: unknown, name: string): ByteReader =>
    new ByteReader((typeof value === 'string' && fromBase64(value)) || fail(`${name} is not base64`), () =>
      fail(`${name} ends early or holds a number that is too large`),
    );
  const float = (value: unknown, name: string): number =>
    typeof value === 'number' && Number.isFinite(value) && Math.fround(value) === value
      ? value
      : fail(`${name} is not a float32 number`);

  const root = record(json, 'the statistic');
  if (root.version !== version)
    fail(`it is a statistic of version ${root.version ?? 1}, and this Octavo reads version ${version}`);
  const nan = whole(root.nan, 'nan');
  const positiveInfinity = whole(root.positiveInfinity, 'positiveInfinity');
  const negativeInfinity = whole(root.negativeInfinity, 'negativeInfinity');
  const samples = whole(root.samples, 'samples');
  const { keys, counts } = readCounts(bytes(root.counts, 'counts'), fail);
  const total = counts.reduce((a, b) => a + b, nan + positiveInfinity + negativeInfinity);
  if (!Number.isSafeInteger(total)) fail('the counts exceed 2^53');
  if (samples === 0 && total > 0) fail('values are counted for no sample');
  let extremes: Extremes = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  if (keys.length > 0) {
    extremes = { min: float(root.min, 'min'), max: float(root.max, 'max') };
    checkExtremes(extremes, keys, fail);
  } else if (root.min !== null || root.max !== null) fail('min and max are given for no finite value');
  const bySample = readExtremes(bytes(root.bySample, 'bySample'), extremes, fail);
  if (bySample.length > samples) fail('bySample holds more samples than were seen');
  const state = { samples, nan, positiveInfinity, negativeInfinity, ...extremes, keys, counts, bySample };
  if (root.channels === undefined) return state;

  const channels = record(root.channels, 'channels');
  const count = whole(channels.count, 'channels.count');
  if (count === 0 ? total !== 0 : total % count !== 0) fail('the values are not a multiple of the channels');
  const sums = readSums(bytes(channels.sums, 'channels.sums'), count, fail);
  const leftOut =
    channels.leftOut === undefined
      ? sums.map(() => 0)
      : readLeftOut(bytes(channels.leftOut, 'channels.leftOut'), count);
  if (leftOut.reduce((a, b) => a + b, 0) !== nan + positiveInfinity + negativeInfinity)
    fail('channels.leftOut does not add up to the NaN and infinities');
  if (leftOut.some((n) => n > total / count)) fail('channels.leftOut exceeds the elements of a channel');
  return { ...state, channels: { sums, leftOut } };
}

type Fail = (what: string) => never;

function readCounts(reader: ByteReader, fail: Fail): { keys: number[]; counts: number[] } {
  const keys: number[] = [];
  const counts: number[] = [];
  for (let expected = 0; !reader.done; ) {
    const key = expected + reader.varint();
    const count = reader.varint();
    if (key >= 2 * magnitudeKeys || key % magnitudeKeys >= firstNonFiniteKey)
      fail(`${key} is not the key of a finite value`);
    if (count === 0) fail(`key ${key} is listed with a count of 0`);
    keys.push(key);
    counts.push(count);
    expected = key + 1;
  }
  return { keys, counts };
}

/** The extremes must lie in the outermost bins: ranges are cut to them. */
function checkExtremes(
  { min, max }: { min: number; max: number },
  keys: readonly number[],
  fail: Fail,
): void {
  const negative = keys.filter((key) => key >= magnitudeKeys).map((key) => key - magnitudeKeys);
  const positive = keys.filter((key) => key < magnitudeKeys);
  const inside = (x: number, key: number): boolean => x >= magnitudeOf(key) && x < magnitudeOf(key + 1);
  const least = negative.length > 0 ? inside(-min, negative.at(-1)!) : inside(min, positive[0]!);
  const greatest = positive.length > 0 ? inside(max, positive.at(-1)!) : inside(-max, negative[0]!);
  if (!least || !greatest || min > max) fail('min or max lies outside the values counted');
}

/** The samples' extremes must make up those of all of them. */
function readExtremes(reader: ByteReader, whole: Extremes, fail: Fail): SampleExtremes {
  const bySample = new ExtremesBySample();
  let { min: least, max: greatest }: Extremes = {
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  };
  for (let expected = 0; !reader.done; ) {
    const index = expected + reader.varint();
    const [min, max] = [reader.float(), reader.float()];
    if (!Number.isSafeInteger(index) || !(min <= max)) fail('bySample holds what is no sample');
    bySample.add(index, min, max);
    least = Math.min(least, min);
    greatest = Math.max(greatest, max);
    expected = index + 1;
  }
  if (least !== whole.min || greatest !== whole.max)
    fail('the extremes of the samples are not those of all of them');
  return bySample.read();
}

function readSums(reader: ByteReader, count: number, fail: Fail): ExactSum[] {
  const sums: ExactSum[] = [];
  for (let c = 0; c < count; c++) {
    const parts: number[] = [];
    for (let n = reader.varint(); n > 0; n--) parts.push(reader.double());
    try {
      sums.push(ExactSum.of(parts));
    } catch {
      fail(`the sum of channel ${c} is not a finite number`);
    }
  }
  return sums;
}

function readLeftOut(reader: ByteReader, count: number): number[] {
  return Array.from({ length: count }, () => reader.varint());
}
