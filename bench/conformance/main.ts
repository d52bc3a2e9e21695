/**
 * ONNX's own conformance cases through the interpreter; with --write the counts go into docs/support.md.
 * Run: npm run bench -- bench/conformance/main.ts [--data <onnx/backend/test/data>] [--only <text>] [--write]
 * Without --data the cases are downloaded with pip, once, into the temporary folder.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { casesIn, downloadedCases, onnxVersion } from './cases.ts';
import { reasonsOf, supportPage, totalsOf } from './page.ts';
import type { Judged } from './run-case.ts';
import { judge } from './run-case.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const cases = casesIn(values.data ?? downloadedCases()).filter((c) => c.name.includes(values.only ?? ''));
if (cases.length === 0) throw new Error('there are no such cases');
const judged: Judged[] = cases.map(judge);

for (const { name, verdict } of judged)
  if (verdict.kind === 'failed') console.log(`FAILED ${name}: ${verdict.why.split('\n')[0]}`);
  else if (values.only !== undefined)
    console.log(`${verdict.kind} ${name}${verdict.kind === 'passed' ? '' : `: ${verdict.why}`}`);
const { passed, failed, skipped, differs } = totalsOf(judged);
console.log(
  `${judged.length} cases of onnx ${onnxVersion}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${differs} differ on purpose`,
);
for (const kind of ['differs', 'skipped'] as const)
  for (const [why, times] of reasonsOf(judged, kind)) console.log(`  ${times} x ${kind}: ${why}`);
if (values.write) {
  if (values.only !== undefined) throw new Error('--write is for all cases, not for --only some');
  writeFileSync(join(process.env.OCTAVO_ROOT ?? '.', 'docs/support.md'), supportPage(judged, onnxVersion));
}
process.exitCode = failed > 0 ? 1 : 0;
