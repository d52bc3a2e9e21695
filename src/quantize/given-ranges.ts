/** Ranges that were concluded elsewhere, laid over the values that share parameters here. */
import { CalibrationError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Range } from '../calibrate/ranges.ts';
import type { RangeCache } from '../formats/caches/index.ts';
import { toolTitles } from '../formats/caches/index.ts';
import type { Layout, ParamGroup } from './decision.ts';

export interface GivenRanges {
  /** What a plan names in the place of a method: `cache:tensorrt`. */
  readonly method: string;
  /** The file, for messages. */
  readonly source: string;
  /** What the file is: 'a TensorRT cache'. */
  readonly title: string;
  /** By the first value of a group. */
  readonly byGroup: ReadonlyMap<string, Range>;
}

/**
 * By name: of a group the values that were measured, else any member that the cache knows; where several are known, what holds
 * them all. Throws CALIBRATION naming the first tensor that has no range.
 */
export function givenRanges(cache: RangeCache, layout: Layout, source: string): GivenRanges {
  const ranges = cache.of === 'values' ? cache.ranges : byValue(cache, layout);
  const byGroup = new Map<string, Range>();
  const missing: ParamGroup[] = [];
  for (const group of layout.groups) {
    if (group.fixed !== undefined) continue;
    const known = group.roots.every((value) => ranges.has(value)) ? group.roots : group.values;
    const parts = known.flatMap((value) => ranges.get(value) ?? []);
    if (parts.length === 0) missing.push(group);
    else byGroup.set(group.values[0]!, holding(parts));
  }
  const title = toolTitles[cache.tool];
  if (missing.length > 0) throw noRange(missing, cache, { source, title });
  return { method: `cache:${cache.tool}`, source, title, byGroup };
}

/** What a layer's input is called here. */
function byValue({ ranges }: RangeCache, { weighted }: Layout): ReadonlyMap<string, Range> {
  const found = new Map<string, Range>();
  for (const { node, data } of weighted) {
    const range = ranges.get(node);
    if (range === undefined) continue;
    const other = found.get(data);
    found.set(data, other === undefined ? range : holding([range, other]));
  }
  return found;
}

function holding(ranges: readonly Range[]): Range {
  return {
    lo: ranges.reduce((least, { lo }) => Math.min(least, lo), Number.POSITIVE_INFINITY),
    hi: ranges.reduce((most, { hi }) => Math.max(most, hi), Number.NEGATIVE_INFINITY),
  };
}

function noRange(
  missing: readonly ParamGroup[],
  { of, ranges }: RangeCache,
  { source, title }: { readonly source: string; readonly title: string },
): CalibrationError {
  const [first] = missing[0]!.values;
  const others = missing.length > 1 ? `, nor for ${missing.length - 1} others` : '';
  const near = nearest(first!, [...ranges.keys()], 2).map((name) => `'${name}'`);
  const hint =
    of === 'layers'
      ? 'It knows inputs of layers alone: choose a --target that asks for no more, such as tensorrt, or --exclude what reads the others'
      : `Nearest are ${near.join(' and ')}. Give the cache of this very model, or --exclude what reads the tensor`;
  return new CalibrationError({
    where: `${source}, tensor '${first}'`,
    what: `${title} is given, which has no range for it${others}`,
    remedy: hint,
  });
}
