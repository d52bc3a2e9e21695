/**
 * The calibrator that users of TensorRT have written already (IInt8Calibrator and its four kinds), over this engine and these
 * methods: batches are asked for, a cache is read in their place where there is one, and written where there was none.
 */
import { invalidArgument, OctavoError } from '../base/errors.ts';
import { datasetFromTensors } from '../calibrate/arrays.ts';
import type { Sample } from '../calibrate/dataset.ts';
import { methodByName } from '../calibrate/methods/index.ts';
import { readRangeCache } from '../formats/caches/index.ts';
import type { Tensor } from '../ir/index.ts';
import { requiredInputs, shapeOf } from '../ir/index.ts';
import type { CalibrateOptions, Calibration, PreparedModel } from '../pipeline.ts';
import { calibrate } from '../pipeline.ts';
import { givenRanges } from '../quantize/given-ranges.ts';
import { calibrationFromCache, writeRangeCache } from './calibration-cache.ts';

/** TensorRT's CalibrationAlgoType. */
export type CalibrationAlgorithm = 'Entropy' | 'Entropy2' | 'MinMax' | 'Legacy';

type Awaitable<T> = T | Promise<T>;

/** Every method may be asynchronous. */
export interface Int8Calibrator {
  getAlgorithm(): CalibrationAlgorithm;
  /** Samples in a batch, at least 1. */
  getBatchSize(): number;
  /**
   * The next batch, a tensor for each of the model's inputs named: dims [samples, ...], at most `getBatchSize` samples, the last
   * batch may have fewer. Nothing (or null) once there are no more.
   */
  getBatch(names: readonly string[]): Awaitable<Readonly<Record<string, Tensor>> | null | undefined>;
  /** What `writeCalibrationCache` was given, or any cache that `readRangeCache` reads; nothing (or null) to calibrate. */
  readCalibrationCache(): Awaitable<string | Uint8Array | null | undefined>;
  /** A TensorRT cache, for this and for TensorRT. */
  writeCalibrationCache(cache: string): Awaitable<void>;
  /** Of `Legacy`: the share of magnitudes within the region, 0 to 1. */
  getQuantile?(): number;
  /** Of `Legacy`: where the tail begins, a share of the greatest magnitude; 1 for none. */
  getRegressionCutoff?(): number;
}

/** What each algorithm is here, and what TensorRT calls it in the first line of a cache. */
const algorithms: Readonly<
  Record<CalibrationAlgorithm, { readonly method: string; readonly header: string }>
> = {
  Entropy: { method: 'entropy:tensorrt', header: 'EntropyCalibration' },
  Entropy2: { method: 'entropy:tensorrt', header: 'EntropyCalibration2' },
  MinMax: { method: 'minmax', header: 'MinMaxCalibration' },
  Legacy: { method: 'entropy-legacy', header: 'LegacyCalibration' },
};

export interface CalibrateWithOptions extends Omit<CalibrateOptions, 'resume' | 'onCounted'> {
  /** In the cache that is written: of the TensorRT that shall take it. Default `8601`. */
  readonly version?: string;
}

/**
 * Runs a calibrator as TensorRT's builder does. The ranges are those of the cache, read or written, so that a second run, from the
 * cache, chooses the same: symmetric, one threshold a tensor. `quantize` takes them where no method is named; behind a run
 * that counted it takes every method, and corrects biases. Throws what `calibrate` throws, FORMAT for a damaged cache, DATA
 * for batches that do not fit, INVALID_ARGUMENT for a batch size or quantile out of range.
 */
export async function calibrateWith(
  prepared: PreparedModel,
  calibrator: Int8Calibrator,
  options: CalibrateWithOptions,
): Promise<Calibration> {
  const { version, ...run } = options;
  const name = calibrator.getAlgorithm();
  if (!Object.hasOwn(algorithms, name))
    throw invalidArgument(
      'calibrator',
      `there is no algorithm '${name}'`,
      `Give one of: ${Object.keys(algorithms).join(', ')}`,
    );
  const algorithm = { ...algorithms[name], method: methodOf(name, calibrator) };
  const cached = textOf(await calibrator.readCalibrationCache());
  if (cached !== undefined)
    return calibrationFromCache(prepared, readRangeCache(cached, cacheName), cacheName);
  const measured = await calibrate(prepared, samplesOf(prepared, calibrator), run);
  const cache = writeRangeCache(measured, 'tensorrt', {
    method: algorithm.method,
    algorithm: algorithm.header,
    ...(version === undefined ? {} : { version }),
  });
  await calibrator.writeCalibrationCache(cache);
  const given = givenRanges(readRangeCache(cache, cacheName), prepared.layout, cacheName);
  return { ...measured, given: { ...given, method: methodByName(algorithm.method).id } };
}

const cacheName = 'calibration cache';

function methodOf(name: CalibrationAlgorithm, calibrator: Int8Calibrator): string {
  const { method } = algorithms[name];
  if (name !== 'Legacy' || calibrator.getQuantile === undefined) return method;
  const text = `${method}:${calibrator.getQuantile()},${calibrator.getRegressionCutoff?.() ?? 1}`;
  return methodByName(text).id;
}

function textOf(cache: string | Uint8Array | null | undefined): string | undefined {
  const text = typeof cache === 'string' || cache == null ? cache : new TextDecoder().decode(cache);
  // A new file is empty: that is no cache yet.
  return text == null || text === '' ? undefined : text;
}

async function* samplesOf(prepared: PreparedModel, calibrator: Int8Calibrator): AsyncGenerator<Sample> {
  const size = calibrator.getBatchSize();
  if (!Number.isSafeInteger(size) || size < 1)
    throw invalidArgument('calibrator', `a batch of ${size} samples is none`, 'Give a whole number from 1');
  const ports = requiredInputs(prepared.float.graph);
  const names = ports.map((port) => port.name);
  // A model with a batch of its own takes batches whole.
  const takesWhole = size > 1 && ports.every((port) => shapeOf(port.type)?.[0] === size);
  let index = 0;
  for (let at = 0; ; at++) {
    const batch = await calibrator.getBatch(names);
    if (batch == null) return;
    const where = `batch ${at} of the calibrator`;
    checkBatch(batch, names, size, where);
    const inputs = Object.fromEntries(names.map((name) => [name, batch[name]!]));
    if (takesWhole) yield { index: index++, name: where, inputs };
    else
      for await (const sample of datasetFromTensors(inputs))
        yield { ...sample, index: index++, name: `${where}, ${sample.index}` };
  }
}

function checkBatch(
  batch: Readonly<Record<string, Tensor>>,
  names: readonly string[],
  size: number,
  where: string,
): void {
  const fail = (what: string, remedy: string): never => {
    throw new OctavoError({ code: 'DATA', where, what, remedy });
  };
  for (const name of names) {
    const count = batch[name]?.dims[0];
    if (count === undefined)
      fail(`it has no tensor for the model's input '${name}'`, `Name one '${name}', of dims [samples, ...]`);
    else if (count > size)
      fail(`'${name}' holds ${count} samples, getBatchSize says ${size}`, 'Give no more than that');
  }
}
