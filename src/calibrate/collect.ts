/**
 * Runs the float model over the samples and counts what flows through it. Memory is bounded: tensors are fetched within a
 * budget, and only counters are kept.
 */
import { CalibrationError, OctavoError, throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Engine } from '../engines/engine.ts';
import type { Model, Port, Tensor } from '../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf } from '../ir/index.ts';
import { countingArena } from './counting/wasm-counters.ts';
import type { Dataset, Sample } from './dataset.ts';
import { fetchValues } from './fetch-values.ts';
import { samplePrint } from './sample-print.ts';
import { TensorStatistic } from './statistic.ts';
import { SampleLedger } from './table/sample-ledger.ts';

/** A value to watch. */
export interface Site {
  readonly value: string;
  /** The axis whose slices get sums of their own (bias correction); negative counts from the end. */
  readonly channelAxis?: number;
}

export interface CollectOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Bytes of fetched tensors held at a time. Default 256 MB. What the engine needs for a run comes on top. */
  readonly budgetBytes?: number | undefined;
  /** Of the engine, within an operator. Default 1; others may change last bits. */
  readonly threads?: number | undefined;
  /**
   * Runs of the engine under way at a time, in threads of their own, while this one counts. Default: one a core but this
   * one, four at most, where the engine has any and there is enough to do. The result is the same.
   */
  readonly workers?: number | undefined;
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

/**
 * Throws DATA when a sample does not fit the model, CALIBRATION when there is none or a value is over the budget, CANCELLED,
 * ENGINE. What is measured is the same with any number of workers and any budget.
 */
export async function collect(
  engine: Engine,
  model: Model,
  sites: readonly Site[],
  samples: Dataset,
  options: CollectOptions = {},
): Promise<Measured> {
  const { signal, resume, onCounted } = options;
  const counters = countingArena();
  const statistics = new Map(sites.map((s) => [s.value, new TensorStatistic(counters())]));
  const ledger = new SampleLedger();
  if (resume !== undefined) {
    ledger.addAll(resume.samples);
    for (const [value, statistic] of statistics) {
      const before = resume.statistics.get(value);
      if (before !== undefined) statistic.merge(before);
    }
  }
  const ports = requiredInputs(model.graph);
  const inputs = new Set(ports.map((p) => p.name));
  const inner = sites.map((s) => s.value).filter((value) => !inputs.has(value));
  const step = startProgress('calibrating', samples.size, options.onProgress);
  const uncounted = async function* (): AsyncGenerator<Sample, void, void> {
    for await (const sample of samples) {
      throwIfAborted(signal, 'calibration');
      if (resume?.samples.has(sample.index)) {
        ledger.expect(sample.index, samplePrint(sample));
        step();
        continue;
      }
      checkSample(sample, ports);
      yield sample;
    }
  };
  const expected = (samples.size ?? assumedSamples) - ledger.size;
  const fetching = fetchValues(engine, model, inner, uncounted(), { ...options, expected });
  for await (const { sample, tensors, isLast } of fetching) {
    throwIfAborted(signal, 'calibration');
    const seen = isLast ? { ...tensors, ...fedTo(inputs, sample) } : tensors;
    for (const { value, channelAxis } of sites)
      if (seen[value] !== undefined)
        add(statistics.get(value)!, seen[value], { value, channelAxis, index: sample.index });
    if (!isLast) continue;
    ledger.add(sample.index, samplePrint(sample));
    onCounted?.({ statistics, samples: ledger });
    step();
  }
  if (ledger.size === 0)
    throw new CalibrationError({
      where: 'calibration data',
      what: 'it holds no sample',
      remedy: 'Give at least one sample; a hundred are a good start',
    });
  return { statistics, samples: ledger };
}

/** For what has a size of its own only when it has been iterated. */
const assumedSamples = 100;

function fedTo(inputs: ReadonlySet<string>, sample: Sample): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(Object.entries(sample.inputs).filter(([name]) => inputs.has(name)));
}

interface Seen {
  readonly value: string;
  readonly channelAxis: number | undefined;
  /** Of the sample. */
  readonly index: number;
}

function add(statistic: TensorStatistic, tensor: Tensor, { value, channelAxis, index }: Seen): void {
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
  statistic.addSample(tensor.data('float32'), fits ? { channels: dims[axis]!, inner } : undefined, index);
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
