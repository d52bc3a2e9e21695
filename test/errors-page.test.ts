// docs/errors.md and the source say the same: every code has its section and every section is a code, the errors it shows
// are what the command prints today, with the exit code, and the notes are messages of the source; as are those that
// docs/troubleshooting.md names.
// UPDATE_GOLDEN=1 rewrites what the commands print: read the difference before committing it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../src/cli/exit-codes.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs/errors.md');

interface Section {
  readonly code: string;
  /** Title of the chapter it stands in. */
  readonly chapter: string;
  readonly text: string;
  /** What its first block shows. */
  readonly shown: string;
}

const pageText = readFileSync(page, 'utf8');
const firstLine = (text: string): string => text.split('\n')[0]!;
const sections: readonly Section[] = pageText.split(/^## /m).flatMap((part) => {
  const [title, ...rest] = part.split(/^### /m);
  return rest.map((text) => ({
    code: firstLine(text),
    chapter: firstLine(title!),
    text,
    shown: /```text\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '',
  }));
});
const errors = sections.filter((s) => s.chapter === 'Errors');
const notes = sections.filter((s) => s.chapter !== 'Errors');

const source = join(root, 'src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) =>
    ts.createSourceFile(name, readFileSync(join(source, name), 'utf8'), ts.ScriptTarget.Latest, true),
  );

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** Members of a union of texts, by the name of the type. */
function membersOf(type: string): readonly string[] {
  const members: string[] = [];
  for (const file of files)
    visit(file, (node) => {
      if (ts.isTypeAliasDeclaration(node) && node.name.text === type)
        visit(node, (part) => ts.isStringLiteral(part) && members.push(part.text));
    });
  return members;
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whatever the source can say; holes of a template stand for any text. */
const literals: readonly { readonly text: string; readonly says: RegExp; readonly fixed: number }[] =
  files.flatMap((file) => {
    const found: string[][] = [];
    visit(file, (node) => {
      if (ts.isTemplateExpression(node))
        found.push([node.head.text, ...node.templateSpans.map((span) => span.literal.text)]);
      else if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent)) found.push([node.text]);
    });
    return found.map((parts) => ({
      text: parts.join(''),
      says: new RegExp(`^${parts.map(quoted).join('.+?')}$`),
      fixed: parts.join('').length,
    }));
  });

/** Shorter texts between holes fit anything. */
const fewestFixed = 8;
const isSaid = (text: string): boolean =>
  literals.some(({ says, fixed }) => fixed >= fewestFixed && says.test(text));

describe('every code has a section and every section is a code', () => {
  const [errorCodes, noteCodes, formCodes] = ['ErrorCode', 'NoteCode', 'FormCode'].map(membersOf);

  test('of errors', () => {
    expect(errors.map((s) => s.code)).toEqual([...errorCodes!].sort());
  });

  test('of notes', () => {
    expect(notes.map((s) => s.code).sort()).toEqual([...noteCodes!].sort());
  });

  test('of inspect', () => {
    const table = pageText.slice(pageText.indexOf('## Codes of `octavo inspect`'));
    expect([...table.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((m) => m[1]!).sort()).toEqual(
      [...formCodes!].sort(),
    );
  });

  test('and something in the source has it', () => {
    const used = new Set(literals.map((l) => l.text));
    const dead = [...errorCodes!, ...noteCodes!, ...formCodes!].filter((code) => !used.has(code));
    expect(dead).toEqual([]);
  });
});

test('chapters of notes are in alphabetical order', () => {
  for (const chapter of new Set(notes.map((s) => s.chapter))) {
    const codes = notes.filter((s) => s.chapter === chapter).map((s) => s.code);
    expect(codes).toEqual([...codes].sort());
  }
});

test.each(notes.map((s) => [s.code, s] as const))('note %s is one of the source', (code, { shown }) => {
  const [, what, end] = /^note: .+?: (.+) \[([a-z0-9-]+)\]$/.exec(shown) ?? [];
  expect(end, shown).toBe(code);
  // A colon may stand in the place as well as in the sentence.
  const starts = [...shown.matchAll(/: /g)].map((m) => m.index + 2).slice(1);
  const sentences = starts.map((at) => shown.slice(at, shown.lastIndexOf(' [')));
  expect([what, sentences.some(isSaid)]).toEqual([what, true]);
});

test('docs/troubleshooting.md names messages of the source', () => {
  const text = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
  const chapter = text.split(/^## /m).find((part) => part.startsWith('Messages'))!;
  const named = [...chapter.matchAll(/\*\*`([^`]+)`\*\*/g)].map((m) => m[1]!);
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter((message) => !isSaid(message))).toEqual([]);
});

describe('errors are what the command prints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-errors-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    for (const name of ['model.onnx', 'calib.npz'])
      symlinkSync(join(root, 'examples/fashion-mnist', name), join(folder, name));
    const model = readFileSync(join(root, 'examples/fashion-mnist/model.onnx'));
    const make = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, name), bytes);
    make('half.onnx', model.subarray(0, model.length >> 1));
    make('dangling.onnx', replacedLast(model, '/Flatten_output_0', '/Flatten_output_9'));
    make('unknown-op.onnx', replacedLast(model, '\x22\x07Flatten', '\x22\x07Flattex'));
    make('wide.npy', npy('|u1', [64, 3, 32, 32], 1));
    make('nan.npy', npy('<f4', [64, 1, 28, 28], 4, 0xff));
    make(
      'no-engine.mjs',
      Buffer.from(`import { register } from 'node:module';
register(\`data:text/javascript,export const resolve = (name, context, next) => {
  if (name === 'onnxruntime-node') throw new Error('not there');
  return next(name, context);
}\`);`),
    );
    octavo('quantize model.onnx --data calib.npz --preset 0-1 -o int8.onnx');
  }, 60_000);

  function octavo(line: string, env: NodeJS.ProcessEnv = {}) {
    const args = line.split(' ');
    return spawnSync(process.execPath, [join(root, 'bin/octavo.mjs'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
  }

  const run = errors.filter((s) => s.code !== 'CANCELLED');
  test.each(run.map((s) => [s.code, s] as const))('%s', (code, { shown }) => {
    const line = /^\$ octavo (.*)$/m.exec(firstLine(shown))?.[1] ?? '';
    const without = pathToFileURL(join(folder, 'no-engine.mjs')).href;
    const env = code === 'MISSING_DEPENDENCY' ? { NODE_OPTIONS: `--import=${without}` } : {};
    const { status, stdout, stderr } = octavo(`${line} --quiet --json`, env);
    expect((JSON.parse(stdout) as { error: { code: string } }).error.code).toBe(code);
    const printed = `$ octavo ${line}\n${stderr.trimEnd()}\n[exit ${status}]`;
    if (process.env.UPDATE_GOLDEN !== undefined)
      writeFileSync(
        page,
        readFileSync(page, 'utf8').replace(shown, () => printed),
      );
    else expect(shown).toBe(printed);
  });

  // test/cli-interrupt.test.ts interrupts it.
  test('CANCELLED', () => {
    const shown = errors.find((s) => s.code === 'CANCELLED')!.shown.split('\n');
    const [, message, remedy, exit] = shown;
    expect(message).toMatch(/^octavo: calibration: cancelled$/);
    expect(isSaid(remedy!.trim())).toBe(true);
    expect(exit).toBe(`[exit ${exitCodes.cancelled}]`);
  });

  test('the table of exit codes is that of the sections', () => {
    const table = new Map(
      [...pageText.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map((m) => [m[1]!, m[2]!] as const),
    );
    const exits = errors.map((s) => [s.code, /\[exit (\d+)\]/.exec(s.shown)?.[1]] as const);
    for (const [code, exit] of exits) {
      const row = [...table].find(([, text]) => text.includes(`[${code}]`))?.[0];
      expect([code, exit]).toEqual([code, row ?? `${exitCodes.failed}`]);
    }
    expect([...table.keys()]).toEqual([exitCodes.failed, exitCodes.usage, exitCodes.cancelled].map(String));
  });
});

/** The last occurrence, by a text of the same length: no length of the file changes. */
function replacedLast(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const out = Buffer.from(bytes);
  const at = out.lastIndexOf(from, undefined, 'latin1');
  expect([at >= 0, from.length]).toEqual([true, to.length]);
  out.write(to, at, 'latin1');
  return out;
}

/** Every byte is `fill`; four of 255 are a NaN. */
function npy(descr: string, shape: readonly number[], width: number, fill = 0): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  const size = shape.reduce((n, d) => n * d, width);
  return Buffer.concat([start, Buffer.from(`${header.padEnd(117)}\n`), Buffer.alloc(size, fill)]);
}
