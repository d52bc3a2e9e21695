/** Takes a file through everything that needs no engine, and says how it ended. */
import { inspectModel } from '../../src/analyse/inspect.ts';
import { bufferSource } from '../../src/base/bytes.ts';
import { OctavoError } from '../../src/base/errors.ts';
import { calibrationMethods } from '../../src/calibrate/methods/index.ts';
import { readOnnx, writeOnnx } from '../../src/formats/onnx/index.ts';
import type { Model } from '../../src/ir/index.ts';
import { printModel } from '../../src/ir/text.ts';
import { absorbQdq } from '../../src/passes/absorb-qdq.ts';
import type { PreparedModel } from '../../src/pipeline.ts';
import { prepareModel, quantize, quantizeByPlan } from '../../src/pipeline.ts';
import { planFromJson, planToJson } from '../../src/quantize/plan.ts';
import { targets } from '../../src/quantize/targets/index.ts';
import { inspectReportJson, inspectReportText } from '../../src/report/inspect-report.ts';
import type { Dice } from './dice.ts';
import { inventedStatistics } from './invented-statistics.ts';

export type Stage =
  | 'read'
  | 'print'
  | 'inspect'
  | 'prepare'
  | 'statistics'
  | 'quantize'
  | 'replay'
  | 'write'
  | 'read back';

export type Outcome =
  | { readonly kind: 'survived' }
  | { readonly kind: 'refused'; readonly stage: Stage; readonly code: string; readonly message: string }
  | { readonly kind: 'fault'; readonly stage: Stage; readonly message: string; readonly stack: string };

export function attempt(bytes: Uint8Array, dice: Dice): Outcome {
  let stage: Stage = 'read';
  const quantized = (prepared: PreparedModel): Model => {
    stage = 'statistics';
    const statistics = inventedStatistics(prepared, dice);
    stage = 'quantize';
    const method = dice.chance(0.7) ? 'minmax' : dice.pick(calibrationMethods).id;
    const biasCorrection = dice.chance(0.8);
    const int8 = quantize({ ...prepared, statistics, samples: 1 }, { method, biasCorrection });
    stage = 'replay';
    if (dice.chance(0.1)) quantizeByPlan(prepared, planFromJson(planToJson(int8.plan), 'plan'));
    return int8.model;
  };
  try {
    // Read at once and through small windows: two ways through the reader.
    const model = readOnnx(dice.chance(0.7) ? bytes : bufferSource(bytes));
    // Printing is for people, who look at one thing at a time.
    const print = dice.pick(['read', 'prepared', 'read back']);
    stage = 'print';
    if (print === 'read') printModel(model);
    stage = 'inspect';
    const target = dice.chance(0.6) ? targets[0]!.id : dice.pick(targets).id;
    const name = { octavo: '', file: '', notes: [] };
    if (dice.chance(0.2)) inspectReportJson({ ...name, ...inspectModel(model, { target }) });
    stage = 'prepare';
    const prepared = prepareModel(model, { target });
    stage = 'print';
    if (print === 'prepared') printModel(prepared.float);
    // Rounding megabytes of weights is most of the time of a large file, and the least of what can go wrong with it.
    const made = bytes.length > 2 ** 20 && dice.chance(0.75) ? prepared.float : quantized(prepared);
    stage = 'write';
    const written = writeOnnx(made);
    stage = 'read back';
    const back = readOnnx(written);
    const absorbed = absorbQdq.run(back);
    if (print === 'read back') printModel(absorbed);
    if (dice.chance(0.2)) inspectReportText({ ...name, ...inspectModel(back, { target }) }, { nodes: true });
    return { kind: 'survived' };
  } catch (error) {
    if (!(error instanceof OctavoError)) {
      const { message, stack } = error as Error;
      return { kind: 'fault', stage, message: `${(error as Error).name}: ${message}`, stack: stack ?? '' };
    }
    const { code, message, stack = '' } = error;
    const blame = misplaced(error, stage);
    if (blame !== undefined) return { kind: 'fault', stage, message: `${blame}: ${message}`, stack };
    return { kind: 'refused', stage, code, message };
  }
}

/** Errors that are Octavo's own, but blame somebody else. */
function misplaced(error: OctavoError, stage: Stage): string | undefined {
  if (error.where.includes('after pass ')) return 'a pass broke the graph';
  if (error.code === 'INVALID_ARGUMENT') return 'no argument was given';
  if (stage === 'read back' || stage === 'write' || stage === 'replay')
    return 'what was made cannot be written and read';
  return undefined;
}
