/** docs/support.md: what the oracle computes, and how ONNX's own cases went. */

import type { OracleContract } from '../../src/ops/contract.ts';
import { oracleContracts } from '../../src/ops/oracle.ts';
import type { Judged } from './run-case.ts';

export function totalsOf(judged: readonly Judged[]): { passed: number; failed: number; skipped: number } {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { verdict } of judged) totals[verdict.kind]++;
  return totals;
}

/** Reasons and how often, the most frequent first. */
export function skipReasons(judged: readonly Judged[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { verdict } of judged)
    if (verdict.kind === 'skipped') counts.set(verdict.why, (counts.get(verdict.why) ?? 0) + 1);
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

function codesOf(contract: OracleContract): string {
  if (contract.codes !== undefined) return 'integers';
  return contract.quantize === undefined ? '' : 'by way of float';
}

function row(contract: OracleContract, judged: readonly Judged[]): string {
  const own = judged.filter((j) => j.operator === nameOf(contract));
  const { passed, failed, skipped } = totalsOf(own);
  const why = skipReasons(own).map(([reason, times]) => `${times} × ${reason}`);
  const failing = failed > 0 ? [`${failed} fail`] : [];
  const cells = [nameOf(contract), codesOf(contract), passed, skipped, [...failing, ...why].join('; ')];
  return `| ${cells.join(' | ')} |`;
}

export function supportPage(judged: readonly Judged[], onnxVersion: string): string {
  const claimed = claimedOperators();
  const { passed, failed, skipped } = totalsOf(judged);
  const several = judged.filter((j) => j.operator === undefined);
  const graphs = totalsOf(several);
  const outside = new Map<string, number>();
  const names = new Set(claimed.map(nameOf));
  for (const { operator } of judged)
    if (operator !== undefined && !names.has(operator))
      outside.set(operator, (outside.get(operator) ?? 0) + 1);
  return `# What the oracle computes

<!-- Generated: npm run bench -- bench/conformance/main.ts --write -->

The reference interpreter (\`src/engines/interpreter/\`) runs these ${claimed.length} operators, and says to the bit what INT8 code
has to give ([numerics.md](numerics.md)). The compiler and \`--engine reference\` stand on it; files for onnxruntime may hold
other operators too: they are carried, and stay float.

**On codes**: *integers* is true INT8 arithmetic of the operator's own; *by way of float* means codes are dequantized,
computed with, and quantized again.

## ONNX's own cases

The ${judged.length} backend cases of the \`onnx\` package ${onnxVersion} (suites node, simple, pytorch-operator, pytorch-converted), judged as
ONNX's runner judges (relative 1e-3, absolute 1e-7, integers equal): **${passed} passed, ${failed} failed, ${skipped} skipped**. Of these,
${several.length} are graphs of several operators (${graphs.passed} passed, ${graphs.failed} failed, ${graphs.skipped} skipped); a case of one operator counts in its row.

| Operator | On codes | Passed | Skipped | Why |
| --- | --- | ---: | ---: | --- |
${claimed.map((c) => row(c, judged)).join('\n')}

## Not claimed

Cases of operators that the interpreter does not have: ${[...outside]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, times]) => `${name} (${times})`)
    .join(', ')}.

## Why graphs of several operators were skipped

${skipReasons(several)
  .map(([why, times]) => `- ${times} × ${why}`)
  .join('\n')}
`;
}
