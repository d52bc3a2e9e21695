/** docs/support.md: what the oracle computes, and how ONNX's own cases went. */

import type { OracleContract } from '../../src/ops/contract.ts';
import { oracleContracts } from '../../src/ops/oracle.ts';
import type { Judged } from './run-case.ts';

export type Totals = Record<Judged['verdict']['kind'], number>;

export function totalsOf(judged: readonly Judged[]): Totals {
  const totals = { passed: 0, failed: 0, skipped: 0, differs: 0 };
  for (const { verdict } of judged) totals[verdict.kind]++;
  return totals;
}

/** Why cases were skipped or differ, and how often, the most frequent first. */
export function reasonsOf(
  judged: readonly Judged[],
  kind: 'skipped' | 'differs',
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { verdict } of judged)
    if (verdict.kind === kind) counts.set(verdict.why, (counts.get(verdict.why) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

const nameOf = (contract: OracleContract): string =>
  contract.domain === undefined || contract.domain === '' ? contract.op : `${contract.domain}.${contract.op}`;

/** Operators that the interpreter computes. */
export function claimedOperators(): readonly OracleContract[] {
  return oracleContracts
    .filter((c) => c.reference !== undefined || c.evaluate !== undefined)
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Made for codes: what they do is integers, or a crossing, by what they are. */
const crossings: ReadonlySet<string> = new Set([
  'QuantizeLinear',
  'DequantizeLinear',
  'DynamicQuantizeLinear',
]);
const quantizedForms = /^(QLinear.*|QGemm|.*Integer)$/;

function codesOf({ op, codes, quantize }: OracleContract): string {
  if (crossings.has(op)) return 'crossing';
  if (quantizedForms.test(op)) return 'integers';
  // What makes indices of codes (ArgMax) has none of its own to compute.
  const makesCodes = !(
    typeof quantize === 'object' &&
    quantize.kind === 'shared' &&
    quantize.outputs?.length === 0
  );
  if (codes !== undefined && makesCodes) return 'integers';
  return quantize === undefined ? '' : 'by way of float';
}

/** The first cells of each row: they follow from the contracts alone. */
export function claims(): readonly (readonly [name: string, onCodes: string])[] {
  return claimedOperators().map((contract) => [nameOf(contract), codesOf(contract)]);
}

function row([name, onCodes]: readonly [string, string], judged: readonly Judged[]): string {
  const own = judged.filter((j) => j.operator === name);
  const { passed, failed, skipped, differs } = totalsOf(own);
  const why = (['differs', 'skipped'] as const).flatMap((kind) =>
    reasonsOf(own, kind).map(([reason, times]) => `${times} × ${reason}`),
  );
  const failing = failed > 0 ? [`${failed} fail`] : [];
  const cells = [name, onCodes, passed, skipped, differs, [...failing, ...why].join('; ')];
  return `| ${cells.join(' | ')} |`;
}

export function supportPage(judged: readonly Judged[], onnxVersion: string): string {
  const claimed = claims();
  const several = judged.filter((j) => j.operator === undefined);
  const outside = new Map<string, number>();
  const names = new Set(claimed.map(([name]) => name));
  for (const { operator } of judged)
    if (operator !== undefined && !names.has(operator))
      outside.set(operator, (outside.get(operator) ?? 0) + 1);
  const within = judged.filter(({ operator }) => operator !== undefined && names.has(operator));
  return `# What the oracle computes

<!-- Generated: npm run bench -- bench/conformance/main.ts --write -->

The reference interpreter (\`src/engines/interpreter/\`) runs these ${claimed.length} operators, and says to the bit what INT8 code
has to give ([numerics.md](numerics.md)). \`--engine reference\` is it. A file for another engine may hold other operators
too: they are carried along and stay float.

**On codes**: *integers* is true INT8 arithmetic of the operator's own, where its operands are codes; *by way of float* means
codes are dequantized, computed with, and quantized again; a *crossing* makes codes or real numbers of them. An operator
without any is never quantized.

## ONNX's own cases

The ${judged.length} backend cases of the \`onnx\` package ${onnxVersion} (suites node, simple, pytorch-operator, pytorch-converted), judged as
ONNX's runner judges (relative 1e-3, absolute 1e-7, integers equal).

| Cases | Passed | Failed | Skipped | Differ on purpose |
| --- | ---: | ---: | ---: | ---: |
${[
  ['of the operators below', within],
  ['graphs of several operators', several],
  ['of operators not claimed', judged.filter((j) => !within.includes(j) && !several.includes(j))],
  ['all', judged],
]
  .map(([name, cases]) => {
    const { passed, failed, skipped, differs } = totalsOf(cases as readonly Judged[]);
    return `| ${name} | ${passed} | ${failed} | ${skipped} | ${differs} |`;
  })
  .join('\n')}

| Operator | On codes | Passed | Skipped | Differ | Why |
| --- | --- | ---: | ---: | ---: | --- |
${claimed.map((claim) => row(claim, judged)).join('\n')}

An operator without a case here is held to onnxruntime by generated ones (\`src/ops/*/*.test.ts\`).

## Not claimed

Cases of operators that the interpreter does not have: ${[...outside]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} (${times})`)
    .join(', ')}.

## Why graphs of several operators were skipped

${reasonsOf(several, 'skipped')
  .map(([why, times]) => `- ${times} × ${why}`)
  .join('\n')}
`;
}
