/** ONNX in and out, without Node: what a browser may use. Files are in files-node.ts. */
export type { ReadOnnxOptions } from './read-model.ts';
export { readOnnx } from './read-model.ts';
export { readOnnxTensor } from './read-tensor-file.ts';
export type { ExternalData } from './reading.ts';
export type { ExternalTarget, WriteOnnxOptions } from './write-model.ts';
export { onnxByteLength, writeOnnx, writeOnnxTo } from './write-model.ts';
