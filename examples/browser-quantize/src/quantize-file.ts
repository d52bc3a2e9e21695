/** The whole of it: a float model and samples in, a proven INT8 file out. This is what to copy into a page of your own. */
import type { OpenedDataset, RunOptions } from 'octavo';
import {
  calibrate,
  checkData,
  compare,
  judge,
  prepareModel,
  quantize,
  readOnnx,
  requiredInputs,
  splitDataset,
  worstLayers,
  writeOnnx,
} from 'octavo';
import type { Job, ModelFacts, Summary } from './messages.ts';
import { openSamples } from './samples.ts';

async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

export async function lookAt(file: File): Promise<ModelFacts> {
  const model = readOnnx(await bytesOf(file), { name: file.name });
  const inputs = requiredInputs(model.graph).map(({ name, type }) => {
    const shape = 'shape' in type && type.shape !== undefined ? type.shape.map((d) => d ?? '?') : undefined;
    return { name, shape, dtype: 'dtype' in type ? type.dtype : '' };
  });
  return {
    name: file.name,
    bytes: file.size,
    nodes: model.graph.nodes.length,
    inputs: inputs.map(({ name, shape, dtype }) => `${name} ${dtype} [${shape?.join(', ') ?? '?'}]`),
    takesImages: inputs.length === 1 && inputs[0]!.shape?.length === 4,
  };
}

export interface Result {
  readonly summary: Summary;
  readonly file: Uint8Array<ArrayBuffer>;
}

export async function quantizeFile(
  job: Job,
  run: RunOptions,
  onStage: (stage: string) => void,
): Promise<Result> {
  const startMs = performance.now();
  onStage('reading the model');
  const model = readOnnx(await bytesOf(job.model), { name: job.model.name });
  const prepared = prepareModel(model, { target: job.target });
  const inputs = requiredInputs(prepared.float.graph);
  const data = await openSamples(job.calibration, inputs, job.preparation);
  const heldOut =
    job.heldOut.length === 0 ? undefined : await openSamples(job.heldOut, inputs, job.preparation);
  const { calib, unseen, notes } = await partsOf(data, heldOut, job.samples);

  onStage('looking at the data');
  const check = await checkData(prepared.float, calib, run);
  const calibration = await calibrate(prepared, check.samples, run);
  onStage('choosing ranges, rounding weights');
  const int8 = quantize(calibration, { method: job.method });
  const file = writeOnnx(int8.model);
  onStage('proving it on samples it has not seen');
  const labelled = (heldOut ?? data).classes !== undefined;
  const { layers, ...proof } = await compare(int8, unseen, { ...run, labelled });

  const { nodes } = int8.plan;
  const count = (action: string): number => nodes.filter((n) => n.action === action).length;
  return {
    file: file as Uint8Array<ArrayBuffer>,
    summary: {
      engine: run.engine.name,
      fileName: job.model.name.replace(/(\.onnx)?$/i, '.int8.onnx'),
      bytes: int8.bytes,
      data: [data.describe, ...(heldOut === undefined ? [] : [heldOut.describe])],
      calibrationSamples: int8.calibrationSamples,
      operators: { quantized: count('quantized'), merged: count('merged'), float: count('float') },
      inFloat: nodes.filter((n) => n.action === 'float').map((n) => `${n.name} (${n.op}): ${n.reason}`),
      proof: { ...proof },
      worstLayers: worstLayers(layers, 6),
      gate: judge(proof),
      notes: [...data.notes, ...notes, ...check.notes(), ...int8.notes, ...proof.notes],
      elapsedMs: performance.now() - startMs,
    },
  };
}

/** Who calibrates and who proves, never sharing a sample. */
async function partsOf(data: OpenedDataset, heldOut: OpenedDataset | undefined, samples: number) {
  if (heldOut === undefined) {
    const { calib, eval: unseen, notes } = await splitDataset(data, { samples });
    return { calib, unseen, notes };
  }
  const calib = data.only([...Array(Math.min(samples, data.size)).keys()]);
  return { calib, unseen: heldOut, notes: heldOut.notes };
}
