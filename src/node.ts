/** Octavo on Node: files, folders of images, tables, caches of other tools, onnxruntime-node or its stand-in; everything of `octavo`, `octavo/compile` and `octavo/reference` as well. */
export type { DataOptions } from './calibrate/readers/open-dataset.ts';
export { openDataset } from './calibrate/readers/open-dataset.ts';
export { mergeTables, shardPositions } from './calibrate/table/table.ts';
export { tableFromJson, tableToJson } from './calibrate/table/table-json.ts';
export * from './compile.ts';
export { onnxruntimeNode } from './engines/onnxruntime-node.ts';
export type { ChooseEngineOptions, ChosenEngine, EngineChoice } from './engines/onnxruntime-node-or-web.ts';
export { chooseEngine } from './engines/onnxruntime-node-or-web.ts';
export { readRangeCache } from './formats/caches/index.ts';
export type { WriteOnnxFileOptions } from './formats/onnx/files-node.ts';
export { readOnnxFile, writeOnnxFile } from './formats/onnx/files-node.ts';
export * from './index.ts';
export { calibrationFromCache, chosenRanges, writeRangeCache } from './pipeline/calibration-cache.ts';
export { calibrateWith } from './pipeline/int8-calibrator.ts';
export { calibrationFromTable, calibrationTable } from './pipeline.ts';
export * from './reference.ts';
