/**
 * Runs the float model over the samples and counts what flows through it. Memory is bounded: one sample at a time,
 * its tensors fetched in groups that fit a budget, and only counters kept.
 */
import { CalibrationError, OctavoError, throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { Model, Port, Tensor } from '../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf } from '../ir/index.ts';
import { countingArena } from './counting/wasm-counters.ts';
import type { Dataset, Sample } from './dataset.ts';
import { openSession } from './open-session.ts';
import { samplePrint } from './sample-print.ts';
import { TensorStatistic } from './statistic.ts';
import { SampleLedger } from './table/sample-ledger.ts';
import { tapModel } from './tap.ts';

/** A value to watch. */
export interface Site {
  readonly value: string;
  /** The axis whose slices get sums of their own (bias correction); negative counts from the end. */
  readonly channelAxis?: number;
}

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Bytes of fetched tensors held at a time. Default 256 MB; one tensor may exceed it. */
  readonly budgetBytes?: number;
  readonly threads?: number;
  /** What was measured before: its samples are passed by, and what it counted is part of the result. */
  readonly resume?: Measured | undefined;
  /** Called behind each sample with all that is counted so far, which goes on changing. */
  readonly onCounted?: ((soFar: Measured) => void) | undefined;
}

/** Statistics, and the samples that are in them. */
export interface Measured {
  readonly statistics: Statistics;
  readonly samples: SampleLedger;
}

export type Statistics = ReadonlyMap<string, TensorStatistic>;

/** Throws DATA when a sample does not fit the model, CALIBRATION when there is none, CANCELLED, ENGINE. */
export async function collect(
  engine: Engine,
  model: Model,
  sites: readonly Site[],
  samples: Dataset,
  options: CollectOptions = {},
): Promise<Measured> {
  const counters = countingArena();
  const statistics = new Map(sites.map((s) => [s.value, new TensorStatistic(counters())]));
  const ledger = new SampleLedger();
  if (options.resume !== undefined) {
    ledger.addAll(options.resume.samples);
    for (const [value, statistic] of statistics) {
      const before = options.resume.statistics.get(value);
      if (before !== undefined) statistic.merge(before);
    }
  }
  const axes = new Map(sites.map((s) => [s.value, s.channelAxis]));
  const values = sites.map((s) => s.value);
  const ports = requiredInputs(model.graph);
  const inputs = new Set(ports.map((p) => p.name));
  const inner = values.filter((v) => !inputs.has(v));
  const session = await openSession(engine, tapModel(model, inner), { threads: options.threads ?? 1 });
  const step = startProgress('calibrating', samples.size, options.onProgress);
  let groups: readonly (readonly string[])[] = inFew(inner);
  let count = 0;
  try {
    for await (const sample of samples) {
      throwIfAborted(options.signal, 'calibration');
      if (options.resume?.samples.has(sample.index)) {
        ledger.expect(sample.index, samplePrint(sample));
        step();
        continue;
      }
      checkSample(sample, ports);
      const sizes = new Map<string, number>();
      for (const value of values) {
        const fed = sample.inputs[value];
        if (fed !== undefined && inputs.has(value))
          add(statistics.get(value)!, fed, { value, channelAxis: axes.get(value), sample });
      }
      for (const group of groups) {
        const fetched = await session.run(sample.inputs, group);
        for (const [value, tensor] of Object.entries(fetched)) {
          sizes.set(value, tensor.byteLength);
          add(statistics.get(value)!, tensor, { value, channelAxis: axes.get(value), sample });
        }
      }
      // The first sample is fetched a few values at a time: from then on the sizes are known.
      if (count === 0) groups = groupBySize(inner, sizes, options.budgetBytes ?? 256 * 2 ** 20);
      ledger.add(sample.index, samplePrint(sample));
      count++;
      options.onCounted?.({ statistics, samples: ledger });
      step();
    }
  } finally {
    await session.dispose();
  }
  if (ledger.size === 0)
    throw new CalibrationError({
      where: 'calibration data',
      what: 'it holds no sample',
      remedy: 'Give at least one sample; a hundred are a good start',
    });
  return { statistics, samples: ledger };
}

interface Seen {
  readonly value: string;
  readonly channelAxis: number | undefined;
  readonly sample: Sample;
}

function add(statistic: TensorStatistic, tensor: Tensor, { value, channelAxis, sample }: Seen): void {
  if (tensor.dtype !== 'float32')
    throw new CalibrationError({
      where: `value '${value}'`,
      what: `it is ${tensor.dtype}, and ranges are measured of float32`,
      remedy: 'Exclude the operators that use it',
    });
  const { dims } = tensor;
  const axis =
    channelAxis === undefined ? undefined : channelAxis < 0 ? channelAxis + dims.length : channelAxis;
  const fits = axis !== undefined && axis >= 0 && axis < dims.length;
  const inner = fits ? dims.slice(axis + 1).reduce((n, d) => n * d, 1) : 1;
  statistic.addSample(
    tensor.data('float32'),
    fits ? { channels: dims[axis]!, inner } : undefined,
    sample.index,
  );
}

/** Values fetched together before their sizes are known: every fetch runs the whole network. */
const fewValues = 8;

function inFew(values: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  for (let i = 0; i < values.length; i += fewValues) groups.push(values.slice(i, i + fewValues));
  return groups;
}

function groupBySize(
  values: readonly string[],
  sizes: ReadonlyMap<string, number>,
  budgetBytes: number,
): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let room = 0;
  for (const value of values) {
    const size = sizes.get(value) ?? 0;
    if (groups.length === 0 || size > room) {
      groups.push([]);
      room = budgetBytes;
    }
    groups[groups.length - 1]!.push(value);
    room -= size;
  }
  return groups;
}

/** Throws DATA naming the sample, the input, what was found and what the model wants. */
export function checkSample(sample: Sample, ports: readonly Port[]): void {
  for (const port of ports) {
    const tensor = sample.inputs[port.name];
    if (tensor === undefined)
      throw badSample(
        sample,
        `it has no tensor for the model's input '${port.name}'`,
        `Name an array '${port.name}'`,
      );
    const dtype = dtypeOf(port.type);
    if (dtype !== undefined && tensor.dtype !== dtype)
      throw badSample(
        sample,
        `'${port.name}' is ${tensor.dtype}, the model wants ${dtype}`,
        'Convert the data',
      );
    const shape = shapeOf(port.type);
    const fits =
      shape === undefined ||
      (shape.length === tensor.dims.length &&
        shape.every((d, i) => typeof d !== 'number' || d === tensor.dims[i]));
    if (!fits)
      throw badSample(
        sample,
        `'${port.name}' has the shape [${tensor.dims.join(', ')}], the model wants [${shape.map((d) => d ?? '?').join(', ')}]`,
        'Check size, layout and preprocessing of the data',
      );
  }
}

function badSample(sample: Sample, what: string, remedy: string): OctavoError {
  return new OctavoError({ code: 'DATA', where: `sample ${sample.index} (${sample.name})`, what, remedy });
}
