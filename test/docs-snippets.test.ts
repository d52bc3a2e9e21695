// The documentation is run: every js and ts block against the built package, every `npx octavo` line of a sh block by
// the real command, in a folder with the files they name. What cannot run is tagged `no-run: reason` in its info
// string; `exit=N` says which exit code a block's commands end with.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandPage, exitCodesPage } from '../src/cli/command-page.ts';
import { commands } from '../src/cli/main.ts';
import { makeWorkspace, root } from './support/docs-workspace.ts';

interface Block {
  readonly language: string;
  readonly info: string;
  /** Of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((n) => n.endsWith('.md'))
    .map((n) => `docs/${n}`),
  ...['adr', 'commands'].flatMap((folder) =>
    readdirSync(join(root, 'docs', folder)).map((n) => `docs/${folder}/${n}`),
  ),
].filter((page) => existsSync(join(root, page)));

function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; info: string; line: number; code: string[] } | undefined;
  for (const [i, text] of read(page).split('\n').entries()) {
    const fence = /^```(\w*)\s*(.*)$/.exec(text);
    if (open !== undefined && fence !== null) {
      blocks.push({ ...open, code: open.code.join('\n') });
      open = undefined;
    } else if (open !== undefined) open.code.push(text);
    else if (fence !== null) open = { language: fence[1]!, info: fence[2]!, line: i + 2, code: [] };
  }
  expect(open, `${page}: a code block is not closed`).toBeUndefined();
  return blocks;
}

const isScript = ({ language }: Block): boolean => /^(js|ts|mjs|javascript|typescript)$/.test(language);
const isSkipped = ({ info }: Block): boolean => info.startsWith('no-run');

/** What a page takes for granted, in front of its first block. */
const assumed: Readonly<Record<string, string>> = {
  'docs/runtime.md':
    "import { execFileSync } from 'node:child_process'; for (const line of ['quantize model.onnx --data calib.npz --preset imagenet --target octavo --max-drop 100 --quiet -o int8.onnx', 'compile int8.onnx --preset imagenet -o model']) execFileSync(process.execPath, ['../../bin/octavo.mjs', ...line.split(' ')], { stdio: 'pipe' });",
  'docs/data.md':
    "import { readOnnxFile, requiredInputs } from 'octavo/node'; const model = readOnnxFile('model.onnx'); const use = (..._: unknown[]) => {};",
};

/** The blocks of a page as one module, each on the lines it has on the page, so that errors point there. */
function moduleOf(page: string): string | undefined {
  const blocks = blocksOf(page).filter((b) => isScript(b) && !isSkipped(b));
  if (blocks.length === 0) return undefined;
  const lines: string[] = read(page)
    .split('\n')
    .map(() => '');
  lines[0] = assumed[page] ?? '';
  for (const { line, code } of blocks)
    for (const [i, text] of code.split('\n').entries()) lines[line - 1 + i] = text;
  return lines.join('\n');
}

let workspace = '';
beforeAll(async () => {
  workspace = await makeWorkspace();
}, 60_000);

const folders: string[] = [];
afterAll(() => {
  for (const folder of [workspace, ...folders]) rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** A folder of the page's own: what its first block wrote, its second may read. */
function folderFor(page: string): string {
  const folder = `${workspace}-${page.replace(/\W/g, '-')}`;
  cpSync(workspace, folder, { recursive: true });
  folders.push(folder);
  return folder;
}

describe('scripts in the documentation', () => {
  const scripts = pages.flatMap((page) => {
    const code = moduleOf(page);
    return code === undefined ? [] : [{ page, code }];
  });

  test('there are some', () => {
    expect(scripts.map((s) => s.page)).toEqual(expect.arrayContaining(['README.md', 'docs/library.md']));
  });

  test.each(scripts)('$page runs', async ({ page, code }) => {
    const folder = folderFor(page);
    const file = page.replace(/\W/g, '-');
    const { code: js } = await transform(code, {
      loader: 'ts',
      sourcemap: 'inline',
      sourcefile: page,
      target: 'node20',
    });
    writeFileSync(join(folder, `${file}.mjs`), js);
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--enable-source-maps', `${file}.mjs`], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  });

  test('they have the types they seem to have', () => {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const texts = new Map(scripts.map(({ page, code }) => [join(root, `${page}.ts`), code]));
    const paths = {
      octavo: [join(root, 'src/index.ts')],
      'octavo/node': [join(root, 'src/node.ts')],
      'octavo/runtime': [join(root, 'src/runtime/index.ts')],
    };
    const checked = { ...options, paths };
    const host = ts.createCompilerHost(checked);
    const original = { read: host.readFile, exists: host.fileExists, source: host.getSourceFile };
    host.readFile = (name) => texts.get(name) ?? original.read(name);
    host.fileExists = (name) => texts.has(name) || original.exists(name);
    host.getSourceFile = (name, target, ...rest) => {
      const text = texts.get(name);
      return text === undefined
        ? original.source(name, target, ...rest)
        : ts.createSourceFile(name, text, target);
    };
    const program = ts.createProgram([...texts.keys()], checked, host);
    const problems = [...texts.keys()]
      .flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
      .map((d) => {
        const at = d.file === undefined ? 0 : d.file.getLineAndCharacterOfPosition(d.start ?? 0).line + 1;
        return `${d.file?.fileName.slice(root.length + 1)}:${at} ${ts.flattenDiagnosticMessageText(d.messageText, ' ')}`;
      });
    expect(problems).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('commands in the documentation (sh is needed)', () => {
  const commands = pages.flatMap((page) => {
    const blocks = blocksOf(page).filter(
      (b) => b.language === 'sh' && !isSkipped(b) && /^npx octavo/m.test(b.code),
    );
    return blocks.length === 0 ? [] : [{ page, blocks }];
  });

  test('there are some', () => {
    expect(commands.map((c) => c.page)).toEqual(expect.arrayContaining(['README.md', 'docs/cli.md']));
  });

  test.each(commands)(
    '$page runs',
    ({ page, blocks }) => {
      const folder = folderFor(`${page}-sh`);
      const octavo = `"${process.execPath}" "${join(root, 'bin/octavo.mjs')}"`;
      for (const { code, info, line } of blocks) {
        const expected = Number(/\bexit=(\d+)/.exec(info)?.[1] ?? 0);
        const joined = code.replace(/\\\n/g, ' ');
        for (const command of joined.split('\n').filter((l) => l.startsWith('npx octavo'))) {
          const { status, stderr, stdout } = spawnSync(
            '/bin/sh',
            ['-c', command.replace(/^npx octavo/, octavo)],
            {
              cwd: folder,
              encoding: 'utf8',
            },
          );
          expect(status, `${page}:${line}: ${command}\n${stdout}\n${stderr}`).toBe(expected);
        }
      }
    },
    240_000,
  );
});

test('a block that is not run says why', () => {
  const silent = pages.flatMap((page) =>
    blocksOf(page)
      .filter((b) => isSkipped(b) && !/^no-run: \S/.test(b.info))
      .map((b) => `${page}:${b.line}`),
  );
  expect(silent).toEqual([]);
});

test('links within the repository lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map((m) => m[1]!)
      .filter((target) => !existsSync(join(root, dirname(page), target)))
      .map((target) => `${page} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

test('links to headings lead to one', () => {
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
      .filter(([, file, anchor]) => {
        const target = file === '' ? page : join(dirname(page), file!);
        return target.endsWith('.md') && !anchorsOf(target).has(anchor!);
      })
      .map(([link]) => `${page} -> ${link}`),
  );
  expect(broken).toEqual([]);
});

/** Text between two marks of a page, or a whole page, which the code says: written where goldens are updated. */
function generated(page: string, text: string, marks?: readonly [from: string, to: string]): void {
  const path = join(root, page);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [start, end] = marks === undefined ? [0, before.length] : marks.map((mark) => before.indexOf(mark));
  expect(start, `${page} has no '${marks?.[0].trim()}'`).toBeGreaterThanOrEqual(0);
  const after = `${before.slice(0, start! + (marks?.[0].length ?? 0))}${text}${before.slice(end)}`;
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(path, after);
  expect(existsSync(path) ? readFileSync(path, 'utf8') : '', updating).toBe(after);
}

const updating = 'UPDATE_GOLDEN=1 npx vitest run test/docs-snippets.test.ts';

describe('what the documentation repeats of the code is generated', () => {
  const names = commands.map((spec) => spec.usage.split(' ')[0]!);

  test.each(commands.map((spec, i) => [names[i]!, spec] as const))('docs/commands/%s.md', (name, spec) => {
    generated(`docs/commands/${name}.md`, commandPage(spec));
  });

  test('there is no page of another command, and the guide leads to each', () => {
    expect(readdirSync(join(root, 'docs/commands')).sort()).toEqual(names.map((name) => `${name}.md`).sort());
    for (const name of names) expect(read('docs/cli.md')).toContain(`(commands/${name}.md)`);
  });

  test('the exit codes of docs/cli.md', () => {
    generated('docs/cli.md', exitCodesPage(), ['<!-- generated: exit codes -->\n', '\n<!-- end -->']);
  });
});

/** Figures differ between machines and runs; words do not. */
const masked = (text: string): string =>
  text
    .replace(/-?\d+(\.\d+)?/g, '#')
    .replace(/worst layer \S+/, 'worst layer')
    .trim();

test('README.md shows what `npm run demo` prints', () => {
  const shown = blocksOf('README.md').find((b) => b.info === 'npm run demo');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/demo.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(masked(shown?.code ?? '')).toBe(masked(stdout));
});
