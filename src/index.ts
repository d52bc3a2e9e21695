/** Octavo's public API, browser-safe: what is exported here is a promise (test/public-api.txt holds it). */
export type { MethodChoice, MethodChoices } from './analyse/auto/choose-methods.ts';
export type { MethodScore } from './analyse/auto/pick.ts';
export type { LayerError, LayerPair } from './analyse/compare-layers.ts';
export type { Accuracy, ModelComparison, OutputError } from './analyse/compare-models.ts';
export type { GateLimits, GateResult } from './analyse/gate.ts';
export { defaultGate, judge } from './analyse/gate.ts';
export type { Task } from './analyse/task.ts';
export type { ByteSink, ByteSource } from './base/bytes.ts';
export { bufferSource } from './base/bytes.ts';
export type { ErrorCode, ErrorDetails, FormatProblem, Note, NoteCode } from './base/errors.ts';
export { CalibrationError, FormatError, OctavoError, UnsupportedError } from './base/errors.ts';
export type { OnProgress, Progress } from './base/progress.ts';
export type { ArrayOptions } from './calibrate/arrays.ts';
export { datasetFromTensors } from './calibrate/arrays.ts';
export type { DataCheck, DataCheckOptions } from './calibrate/data-check.ts';
export { checkData } from './calibrate/data-check.ts';
export type { Dataset, OpenedDataset, Sample, Split } from './calibrate/dataset.ts';
export type { ImageOptions, PixelImage, Preprocessing, PresetName } from './calibrate/images/index.ts';
export { pixelImage, preprocess, preprocessingFor, presets } from './calibrate/images/index.ts';
export type { JsonLinesOptions } from './calibrate/json-lines.ts';
export { openJsonLines } from './calibrate/json-lines.ts';
export type { CalibrationMethod, CalibrationMethodId } from './calibrate/methods/index.ts';
export { calibrationMethods } from './calibrate/methods/index.ts';
export type { Npz } from './calibrate/npz.ts';
export { readNpz } from './calibrate/npz.ts';
export type { ArraySource } from './calibrate/open-arrays.ts';
export { openArrays } from './calibrate/open-arrays.ts';
export type { SplitDataset, SplitOptions } from './calibrate/split.ts';
export { defaultCalibrationSamples, splitDataset } from './calibrate/split.ts';
export type { CalibrationTable, Shard, ShardSet } from './calibrate/table/table.ts';
export type { Engine, Session, SessionOptions, SessionPort } from './engines/engine.ts';
export type { OnnxruntimeWebModule, OnnxruntimeWebOptions, WasmPaths } from './engines/onnxruntime-web.ts';
export { onnxruntimeWeb } from './engines/onnxruntime-web.ts';
export type { CachedRange, CacheTool, RangeCache } from './formats/caches/index.ts';
export type { ReadOnnxOptions } from './formats/onnx/index.ts';
export { readOnnx, writeOnnx } from './formats/onnx/index.ts';
export type {
  Dim,
  DType,
  Graph,
  Model,
  Node,
  NumericDType,
  Port,
  QuantParams,
  Shape,
  ValueType,
} from './ir/index.ts';
export { requiredInputs, Tensor } from './ir/index.ts';
export { printModel } from './ir/text.ts';
export { absorbQdq } from './passes/absorb-qdq.ts';
export type { Pass } from './passes/pass.ts';
export type { CalibrateAutoOptions } from './pipeline/calibrate-auto.ts';
export { calibrateAuto } from './pipeline/calibrate-auto.ts';
export { calibrateIsotone } from './pipeline/calibrate-isotone.ts';
export type { CacheOptions } from './pipeline/calibration-cache.ts';
export type {
  CalibrateWithOptions,
  CalibrationAlgorithm,
  Int8Calibrator,
} from './pipeline/int8-calibrator.ts';
export type {
  CalibrateOptions,
  Calibration,
  LayoutOptions,
  Measurement,
  PreparedModel,
  Proof,
  QuantizedModel,
  QuantizeOptions,
  RunOptions,
} from './pipeline.ts';
export {
  calibrate,
  compare,
  prepareModel,
  quantize,
  quantizeByPlan,
} from './pipeline.ts';
export type { NodeDecision } from './quantize/decision.ts';
export type { GivenRanges } from './quantize/given-ranges.ts';
export type { QuantPlan, ValueParams, WeightParams } from './quantize/plan.ts';
export { planFromJson, planToJson } from './quantize/plan.ts';
export type { TargetProfile } from './quantize/targets/index.ts';
export { targets } from './quantize/targets/index.ts';
export { worstLayers } from './report/quantize-report.ts';
export { version } from './version.ts';
