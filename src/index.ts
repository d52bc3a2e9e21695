/** Octavo's public API, browser-safe: what is exported here is a promise (test/public-api.txt holds it). */
export type { LayerError } from './analyse/compare-layers.ts';
export type { Accuracy, ModelComparison, OutputError } from './analyse/compare-models.ts';
export type { GateLimits, GateResult } from './analyse/gate.ts';
export { defaultGate, judge } from './analyse/gate.ts';
export type { ByteSink, ByteSource } from './base/bytes.ts';
export { bufferSource } from './base/bytes.ts';
export type { ErrorCode, Note } from './base/errors.ts';
export { CalibrationError, FormatError, OctavoError, UnsupportedError } from './base/errors.ts';
export type { OnProgress, Progress } from './base/progress.ts';
export { datasetFromTensors } from './calibrate/arrays.ts';
export type { Dataset, Sample, Split } from './calibrate/dataset.ts';
export { splitDataset } from './calibrate/split.ts';
export type { Engine, Session, SessionOptions } from './engines/engine.ts';
export { readOnnx, writeOnnx } from './formats/onnx/index.ts';
export type { Graph, Model, Node, Port, ValueType } from './ir/index.ts';
export { requiredInputs, Tensor } from './ir/index.ts';
export { printModel } from './ir/text.ts';
export { absorbQdq } from './passes/absorb-qdq.ts';
export type {
  Calibration,
  LayoutOptions,
  PreparedModel,
  Proof,
  QuantizedModel,
  QuantizeOptions,
  RunOptions,
} from './pipeline.ts';
export { calibrate, compare, prepareModel, quantize, quantizeByPlan } from './pipeline.ts';
export type { QuantPlan } from './quantize/plan.ts';
export { planFromJson, planToJson } from './quantize/plan.ts';
export { worstLayers } from './report/quantize-report.ts';
export { version } from './version.ts';
