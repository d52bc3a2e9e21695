/** Statistics that no engine measured, so that every mutation can be quantized: ordinary ones and odd ones. */
import type { Statistics } from '../../src/calibrate/collect.ts';
import { TensorStatistic } from '../../src/calibrate/statistic.ts';
import { shapeOf } from '../../src/ir/index.ts';
import type { PreparedModel } from '../../src/pipeline.ts';
import { calibrationSites } from '../../src/quantize/sites.ts';
import type { Dice } from './dice.ts';

const flavours: Readonly<Record<string, readonly number[]>> = {
  ordinary: [-1.5, -0.25, 0, 0.5, 0.75, 2],
  positive: [0, 0.1, 3, 5.5, 6],
  zeros: [0, -0],
  constant: [1.25],
  negative: [-3, -2, -1],
  tiny: [1e-45, -1e-45, 1e-40],
  huge: [3.4e38, -3.4e38],
  odd: [Number.NaN, Number.POSITIVE_INFINITY, 1, -2],
  'nothing finite': [Number.NaN],
};
const names = Object.keys(flavours);

/** Statistics are not changed by who reads them, so that equal ones are made once. */
const made = new Map<string, TensorStatistic>();

function statistic(flavour: string, channels: number | undefined): TensorStatistic {
  const key = `${flavour} ${channels}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const values = flavours[flavour]!;
  const inner = 4;
  const data = Float32Array.from({ length: inner * (channels ?? 8) }, (_, i) => values[i % values.length]!);
  const fresh = new TensorStatistic();
  fresh.addSample(data, channels === undefined ? undefined : { channels, inner });
  if (made.size > 500) made.clear();
  made.set(key, fresh);
  return fresh;
}

/** As many channels as the value has; more than an engine would hold in memory are not invented. */
const channelLimit = 1 << 14;

export function inventedStatistics(prepared: PreparedModel, dice: Dice): Statistics {
  const odd = dice.chance(0.15);
  const sites = calibrationSites(prepared.layout, prepared.float.graph);
  return new Map(
    sites.map(({ value, channelAxis }) => {
      const size =
        channelAxis === undefined ? undefined : shapeOf(prepared.types.get(value))?.at(channelAxis);
      const known = typeof size === 'number' && size >= 1 && size <= channelLimit ? size : undefined;
      // A shape that is not known ahead may turn out to be anything.
      const channels =
        channelAxis === undefined ? undefined : (known ?? dice.pick([undefined, 1, 8, 16, 64]));
      const flavour = odd ? dice.pick(names) : dice.pick(names.slice(0, 2));
      return [value, statistic(flavour, channels)] as const;
    }),
  );
}
