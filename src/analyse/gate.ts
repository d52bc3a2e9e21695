/** Whether an INT8 model is good enough to be called done, and why not. */
import { invalidArgument, type OctavoError } from '../base/errors.ts';
import type { ModelComparison } from './compare-models.ts';

export interface GateLimits {
  /** Points of accuracy (percent) the INT8 model may lose where labels exist. */
  readonly maxDrop: number;
  /** Share of agreement wanted where no labels exist. */
  readonly minAgreement: number;
  /** Least signal-to-noise ratio of each output, in dB, where no labels exist. */
  readonly minOutputSqnrDb: number;
}

export const defaultGate: GateLimits = { maxDrop: 1, minAgreement: 0.94, minOutputSqnrDb: 10 };

export interface GateResult {
  readonly passed: boolean;
  /** What was measured against which limit, one sentence each; the misses when it did not pass. */
  readonly findings: readonly string[];
}

export function judge(comparison: ModelComparison, limits: GateLimits = defaultGate): GateResult {
  const { accuracy, agreement, outputs } = comparison;
  if (comparison.samples === 0)
    return { passed: false, findings: ['no sample was left to prove the model on'] };
  const findings: { ok: boolean; text: string }[] = [];
  if (accuracy !== undefined) {
    const drop = 100 * (accuracy.reference - accuracy.other);
    // A difference of counts is exact; its percentage is not, and a drop of just the limit is allowed.
    findings.push({
      ok: drop <= limits.maxDrop + 1e-9,
      text:
        drop > 0
          ? `accuracy drops by ${drop.toFixed(2)} points, ${limits.maxDrop} allowed`
          : `accuracy does not drop (${drop === 0 ? 'no change' : `+${(-drop).toFixed(2)} points`})`,
    });
  } else {
    if (agreement !== undefined)
      findings.push({
        ok: agreement >= limits.minAgreement,
        text: `top-1 agrees on ${(100 * agreement).toFixed(1)} % of samples, ${(100 * limits.minAgreement).toFixed(1)} wanted`,
      });
    for (const output of outputs)
      findings.push({
        ok: output.sqnrDb >= limits.minOutputSqnrDb,
        text: `output '${output.name}' has a signal-to-noise ratio of ${output.sqnrDb.toFixed(1)} dB, ${limits.minOutputSqnrDb} wanted`,
      });
  }
  const misses = findings.filter((f) => !f.ok);
  return {
    passed: misses.length === 0,
    findings: (misses.length === 0 ? findings : misses).map((f) => f.text),
  };
}

/** A limit on accuracy where there is none to measure. */
export function noLabels(): OctavoError {
  return invalidArgument('--max-drop', 'no sample has a label', 'Give labelled samples, or --min-agreement');
}

/** Judged by the limits that were asked for and no others. Throws INVALID_ARGUMENT for one that nothing was measured for. */
export function judgeAsked(comparison: ModelComparison, asked: Partial<GateLimits>): GateResult {
  const { accuracy, agreement, ...rest } = comparison;
  const none = { maxDrop: 100, minAgreement: 0, minOutputSqnrDb: Number.NEGATIVE_INFINITY };
  const results: GateResult[] = [];
  if (asked.maxDrop !== undefined) {
    if (accuracy === undefined) throw noLabels();
    results.push(judge({ ...rest, outputs: [], accuracy }, { ...none, ...asked }));
  }
  if (asked.minAgreement !== undefined) {
    if (agreement === undefined)
      throw invalidArgument(
        '--min-agreement',
        'the model gives no classes that could agree',
        'Ask for --min-sqnr',
      );
    results.push(judge({ ...rest, outputs: [], agreement }, { ...none, ...asked }));
  }
  if (asked.minOutputSqnrDb !== undefined) results.push(judge(rest, { ...none, ...asked }));
  const passed = results.every((r) => r.passed);
  return { passed, findings: results.filter((r) => r.passed === passed).flatMap((r) => r.findings) };
}
