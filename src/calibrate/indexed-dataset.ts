/** Data sets whose samples can be fetched one by one by position: parts of them cost only what they hold. */
import type { Dataset, Sample, Split } from './dataset.ts';

export interface SampleSource {
  readonly size: number;
  readonly splits?: readonly (Split | undefined)[];
  /** The sample at a position of the whole set. Called more than once for the same position. */
  load(position: number): Sample | Promise<Sample>;
  /** Samples under way at once while iterating, so that decoding overlaps with use. Default 1. */
  readonly lookAhead?: number;
}

export type IndexedDataset = Dataset & Required<Pick<Dataset, 'size' | 'only'>>;

/** The samples of the source, or those at `positions`. */
export function indexedDataset(source: SampleSource, positions?: readonly number[]): IndexedDataset {
  const size = positions?.length ?? source.size;
  const place = (at: number): number => positions?.[at] ?? at;
  const { splits } = source;
  return {
    size,
    ...(splits === undefined ? {} : { splits: Array.from({ length: size }, (_, at) => splits[place(at)]) }),
    [Symbol.asyncIterator]: () => inOrder(source, size, place),
    only(chosen) {
      for (const at of chosen)
        if (!Number.isInteger(at) || at < 0 || at >= size) throw new RangeError(`sample ${at} of ${size}`);
      return indexedDataset(source, chosen.map(place));
    },
  };
}

/** When the consumer leaves early, what is under way is waited for, so that nothing runs on behind its back. */
async function* inOrder(
  source: SampleSource,
  size: number,
  place: (at: number) => number,
): AsyncGenerator<Sample, void, void> {
  const depth = Math.max(source.lookAhead ?? 1, 1);
  const underway: Promise<Sample>[] = [];
  let next = 0;
  try {
    for (let at = 0; at < size; at++) {
      for (; next < size && underway.length < depth; next++) {
        const position = place(next);
        const sample = (async () => source.load(position))();
        // A failure is thrown when its turn comes; until then it must not count as unhandled.
        sample.catch(() => undefined);
        underway.push(sample);
      }
      const sample = await underway[0]!;
      underway.shift();
      yield sample;
    }
  } finally {
    await Promise.allSettled(underway);
  }
}
