/** Other tools' calibration caches in the place of samples, and out of a calibration. */
import { CalibrationError } from '../base/errors.ts';
import type { Range } from '../calibrate/ranges.ts';
import type { CacheTool, RangeCache } from '../formats/caches/index.ts';
import { writeNcnnTable, writeOnnxruntimeRanges, writeTensorRtCache } from '../formats/caches/index.ts';
import type { Calibration, PreparedModel } from '../pipeline.ts';
import { givenTo } from '../pipeline.ts';
import { givenRanges } from '../quantize/given-ranges.ts';
import { groupRange } from '../quantize/make-plan.ts';
import { ncnnLayers } from '../quantize/ncnn-layers.ts';
import { readersOf } from '../quantize/readers.ts';
import { methodsFor } from './methods-for.ts';

/**
 * Ranges that another tool concluded (`readRangeCache`), in the place of samples: `quantize` takes them as they are. No method
 * runs on them, and biases are not corrected, for there are no counts. Throws CALIBRATION naming a tensor without one.
 */
export function calibrationFromCache(
  prepared: PreparedModel,
  cache: RangeCache,
  where = 'calibration cache',
): Calibration {
  const given = givenRanges(cache, prepared.layout, where);
  return { ...prepared, statistics: new Map(), samples: 0, given };
}

export interface CacheOptions {
  /** As `quantize` takes it. Default: the ranges that were given, or the default method. */
  readonly method?: string;
  /** TensorRT's header. Default `8601`, `EntropyCalibration2`. */
  readonly version?: string;
  readonly algorithm?: string;
}

/**
 * The ranges `quantize` would take, in the form of another tool: of every value that becomes codes, or, for ncnn, of the inputs
 * of its layers with the scales of their weights. Throws as `quantize` does, and FORMAT for names the form cannot hold.
 */
export function writeRangeCache(
  calibration: Calibration,
  tool: CacheTool,
  options: CacheOptions = {},
): string {
  const { version = '8601', algorithm = 'EntropyCalibration2' } = options;
  const ranges = chosenRanges(calibration, options.method);
  switch (tool) {
    case 'tensorrt':
      return writeTensorRtCache(ranges, { version, algorithm });
    case 'onnxruntime':
      return writeOnnxruntimeRanges(ranges);
    case 'ncnn': {
      const layers = ncnnLayers(calibration, ranges);
      if (layers.length > 0) return writeNcnnTable(layers);
      throw new CalibrationError({
        where: `graph '${calibration.float.graph.name}'`,
        what: 'no layer of it runs in INT8 on ncnn',
        remedy: 'ncnn takes Conv, Gemm and MatMul with constant weights',
      });
    }
  }
}

/** By value, in graph order; values that share parameters share the range. */
export function chosenRanges(calibration: Calibration, method?: string): ReadonlyMap<string, Range> {
  const given = givenTo(calibration, method);
  const readers = readersOf(calibration.float.graph);
  const input = { ...calibration, ranges: given?.byGroup };
  const chosen = methodsFor(calibration, method);
  return new Map(
    calibration.layout.groups.flatMap((group) => {
      const own = chosen.methodOf?.get(group.values[0]!) ?? chosen.method;
      const range = groupRange(group, own, readers, input);
      return group.values.map((value) => [value, range] as const);
    }),
  );
}
