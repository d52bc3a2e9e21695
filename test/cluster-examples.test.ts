// The cluster examples with plain processes in the place of pods and tasks: their own scripts, their own variables.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = (name: string): string => join(root, 'examples', name);
const folder = mkdtempSync(join(tmpdir(), 'octavo-cluster-'));
const work = join(folder, 'work');
const shards = 3;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string, variables: Readonly<Record<string, string>> = {}): void {
  const { status, stderr } = spawnSync('sh', ['-c', script], {
    cwd: work,
    encoding: 'utf8',
    env: { ...process.env, ...variables, PATH: `${folder}${delimiter}${process.env.PATH}` },
  });
  expect(status, stderr).toBe(0);
}

/** The block of text behind `args:` of a manifest. */
function scriptOf(manifest: string): string {
  const lines = readFileSync(example(`kubernetes/${manifest}`), 'utf8').split('\n');
  const start = lines.findIndex((line) => /^\s*- \|$/.test(line)) + 1;
  const indent = /^ */.exec(lines[start]!)![0];
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(indent));
  return lines
    .slice(start, end)
    .map((line) => line.slice(indent.length))
    .join('\n');
}

/** The mount of the manifest, and the preset of the demo's data. */
const here = (script: string): string =>
  script.replace('cd /work', 'cd .').replace('--preset imagenet', '--preset 0-1');

beforeAll(() => {
  mkdirSync(work);
  writeFileSync(
    join(folder, 'npx'),
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'bin/octavo.mjs')}" "$@"\n`,
  );
  chmodSync(join(folder, 'npx'), 0o755);
  cpSync(example('fashion-mnist/model.onnx'), join(work, 'model.onnx'));
  cpSync(example('fashion-mnist/calib.npz'), join(work, 'data.npz'));
  writeFileSync(join(work, 'octavo.json'), JSON.stringify({ samples: 24, data: 'data.npz', preset: '0-1' }));
  run('npx octavo calibrate model.onnx -o whole.json --no-data-check --quiet');
});

const table = (name: string): string => readFileSync(join(work, name), 'utf8');
/** What a folder of files is to the examples is one file here. */
const onArrays = (script: string): string => here(script).replace('--data data ', '--data data.npz ');

describe.skipIf(process.platform === 'win32')('the examples for clusters (sh is needed)', () => {
  test('the Indexed Job and its merge give the table of one machine', () => {
    mkdirSync(join(work, 'parts'));
    expect(table('whole.json')).toContain('"samples": 24');
    for (let index = 0; index < shards; index++)
      run(onArrays(scriptOf('job.yaml')), { JOB_COMPLETION_INDEX: `${index}`, SHARDS: `${shards}` });
    run(here(scriptOf('merge.yaml')));
    expect(table('model.calib.json')).toBe(table('whole.json'));
    const manifest = readFileSync(example('kubernetes/job.yaml'), 'utf8');
    expect(/completions: (\d+)/.exec(manifest)![1]).toBe(/value: "(\d+)"/.exec(manifest)![1]);
  });

  test('the Slurm array and its merge give it too', () => {
    rmSync(join(work, 'parts'), { recursive: true, force: true });
    rmSync(join(work, 'model.calib.json'), { force: true });
    mkdirSync(join(work, 'parts'));
    for (let index = 0; index < shards; index++)
      run(onArrays(readFileSync(example('slurm/calibrate.sbatch'), 'utf8')), {
        SLURM_ARRAY_TASK_ID: `${index}`,
        SLURM_ARRAY_TASK_COUNT: `${shards}`,
      });
    run(readFileSync(example('slurm/merge.sbatch'), 'utf8'));
    expect(table('model.calib.json')).toBe(table('whole.json'));
  });
});
