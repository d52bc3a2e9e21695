import { describe, expect, test } from 'vitest';
import type { ModelComparison } from './compare-models.ts';
import { judgeAsked } from './gate.ts';

const comparison: ModelComparison = {
  samples: 100,
  task: 'classification',
  agreement: 0.9,
  accuracy: { reference: 0.8, other: 0.77, labelled: 100, onlyReference: 3, onlyOther: 0, pValue: 0.25 },
  outputs: [{ name: 'y', sqnrDb: 20, maxAbsError: 1, cosine: 0.99 }],
  time: { referenceMs: 1, otherMs: 1 },
};
const { accuracy: _, ...unlabelled } = comparison;
const { agreement: __, ...tensors } = unlabelled;

describe('limits that were asked for', () => {
  test('no limit passes with nothing to say', () => {
    expect(judgeAsked(comparison, {})).toEqual({ passed: true, findings: [] });
  });

  test('each is judged, labels or not', () => {
    expect(judgeAsked(comparison, { maxDrop: 3 }).passed).toBe(true);
    expect(judgeAsked(comparison, { maxDrop: 2.9 }).passed).toBe(false);
    expect(judgeAsked(comparison, { minAgreement: 0.9 }).passed).toBe(true);
    expect(judgeAsked(comparison, { minAgreement: 0.91 }).passed).toBe(false);
    expect(judgeAsked(comparison, { minOutputSqnrDb: 20 }).passed).toBe(true);
    expect(judgeAsked(comparison, { minOutputSqnrDb: 20.1 }).passed).toBe(false);
  });

  test('one miss among several is what is said', () => {
    const { passed, findings } = judgeAsked(comparison, {
      maxDrop: 3,
      minAgreement: 0.95,
      minOutputSqnrDb: 10,
    });
    expect(passed).toBe(false);
    expect(findings).toEqual(['top-1 agrees on 90.0 % of samples, 95.0 wanted']);
  });

  test('a limit nothing was measured for is refused', () => {
    expect(() => judgeAsked(unlabelled, { maxDrop: 1 })).toThrow(/no sample has a label/);
    expect(() => judgeAsked(tensors, { minAgreement: 0.9 })).toThrow(/no classes/);
  });
});
