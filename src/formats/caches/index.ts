/** Calibration caches of other tools: recognised by content, read to ranges, written from them. */
import { looksLikeNcnnTable, readNcnnTable } from './ncnn-table.ts';
import { looksLikeOnnxruntimeRanges, readOnnxruntimeRanges } from './onnxruntime-ranges.ts';
import type { RangeCache } from './range-cache.ts';
import { badCache } from './range-cache.ts';
import { looksLikeTensorRtCache, readTensorRtCache } from './tensorrt-cache.ts';

export { type NcnnLayer, writeNcnnTable } from './ncnn-table.ts';
export { writeOnnxruntimeRanges } from './onnxruntime-ranges.ts';
export type { CachedRange, CacheTool, RangeCache } from './range-cache.ts';
export { toolTitles } from './range-cache.ts';
export { type TensorRtHeader, writeTensorRtCache } from './tensorrt-cache.ts';

/** Throws FORMAT, with the line or tensor, for a text that is none of them or is damaged. */
export function readRangeCache(text: string, where: string): RangeCache {
  if (looksLikeTensorRtCache(text)) return readTensorRtCache(text, where);
  if (looksLikeOnnxruntimeRanges(text)) return readOnnxruntimeRanges(text, where);
  if (looksLikeNcnnTable(text)) return readNcnnTable(text, where);
  const [first = ''] = text.slice(0, 4096).split('\n');
  throw badCache(
    where,
    /^\S.* -?\d+(\.\d+)?\s*$/.test(first)
      ? 'names and numbers alone: a calibration.cache of onnxruntime, or an ncnn table without its weights'
      : 'it is no calibration table: neither of Octavo, TensorRT, ncnn nor onnxruntime',
    'Give the table of octavo calibrate, a TensorRT cache, an ncnn table with its weights, or the calibration.json of onnxruntime',
  );
}
