/** Error of each layer: the codes an INT8 model makes, as real numbers, against the float model's values at the same places. */
import { throwIfAborted } from '../base/errors.ts';
import type { OnProgress } from '../base/progress.ts';
import { startProgress } from '../base/progress.ts';
import type { Dataset } from '../calibrate/dataset.ts';
import { openSession } from '../calibrate/open-session.ts';
import { tapModel } from '../calibrate/tap.ts';
import type { Engine } from '../engines/engine.ts';
import type { Model, QuantParams, Tensor } from '../ir/index.ts';
import { requiredInputs } from '../ir/index.ts';
import { Noise } from './metrics.ts';

/** A place to look at: a value of the float model and its codes in the INT8 file. */
export interface LayerPair {
  /** The operator that makes the value. */
  readonly layer: string;
  readonly value: string;
  readonly codes: string;
  readonly quant: QuantParams;
}

export interface LayerError {
  readonly layer: string;
  readonly value: string;
  /** Of all error up to this value, own and inherited. */
  readonly sqnrDb: number;
  readonly maxAbsError: number;
}

export interface CompareLayersOptions {
  /** Default 16: the ratio settles within a few. */
  readonly samples?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export async function compareLayers(
  engine: Engine,
  models: { readonly float: Model; readonly int8: Model },
  pairs: readonly LayerPair[],
  samples: Dataset,
  options: CompareLayersOptions = {},
): Promise<readonly LayerError[]> {
  const inputs = new Set(requiredInputs(models.float.graph).map((p) => p.name));
  const inner = pairs.filter((p) => !inputs.has(p.value));
  if (inner.length === 0) return [];
  const limit = options.samples ?? 16;
  const values = inner.map((p) => p.value);
  const codes = inner.map((p) => p.codes);
  const float = await openSession(engine, tapModel(models.float, values));
  const int8 = await openSession(engine, tapModel(models.int8, codes, inner[0]!.quant.dtype));
  const noises = inner.map(() => new Noise());
  const step = startProgress('comparing layers', Math.min(limit, samples.size ?? limit), options.onProgress);
  try {
    let count = 0;
    for await (const sample of samples) {
      if (count++ >= limit) break;
      throwIfAborted(options.signal, 'comparison of layers');
      const reference = await float.run(sample.inputs);
      const made = await int8.run(sample.inputs);
      for (const [i, pair] of inner.entries())
        noises[i]!.add(reference[pair.value]!.toFloat32(), dequantize(made[pair.codes]!, pair.quant));
      step();
    }
  } finally {
    await float.dispose();
    await int8.dispose();
  }
  return inner.map((pair, i) => ({
    layer: pair.layer,
    value: pair.value,
    sqnrDb: noises[i]!.sqnrDb,
    maxAbsError: noises[i]!.maxAbsError,
  }));
}

/** Per-tensor codes to reals, float32 as DequantizeLinear gives them. */
function dequantize(codes: Tensor, quant: QuantParams): Float32Array {
  const [scale, zeroPoint] = [quant.scales[0]!, quant.zeroPoints[0]!];
  const integers =
    codes.dtype === 'uint8'
      ? codes.data('uint8')
      : codes.dtype === 'int8'
        ? codes.data('int8')
        : codes.toNumbers();
  const out = new Float32Array(integers.length);
  for (let i = 0; i < out.length; i++) out[i] = (integers[i]! - zeroPoint) * scale;
  return out;
}
