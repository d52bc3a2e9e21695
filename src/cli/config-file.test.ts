import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawOptions } from './command-spec.ts';
import { withConfigFile } from './config-file.ts';
import { dataOptionsOf } from './data-options.ts';
import { commands } from './main.ts';
import { dimsOf } from './option-values.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-config-'));
  mkdirSync(join(folder, 'models'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const beside = 'models/octavo.json';

function put(content: unknown, path = beside): void {
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function read(typed: RawOptions = {}, command = 'quantize') {
  const own = commands.find((spec) => spec.usage.startsWith(command))!.options;
  const all = commands.flatMap((spec) => spec.options);
  return withConfigFile({ own, all }, typed, join(folder, 'models/net.onnx'));
}

test('without a file there is only what was typed', () => {
  const typed = { preset: 'imagenet' };
  expect(read(typed)).toEqual({ options: typed, fromFile: new Set(), notes: [] });
});

test('options of every kind, in either spelling; paths from the folder of the file', () => {
  put({
    data: '../photos',
    'eval-data': '/else/where',
    output: 'small.onnx',
    mean: [0.5, 0.25, 1],
    std: 2,
    rawShape: [3, 8, 8],
    letterbox: 114,
    exclude: ['head/*', 'Softmax'],
    dim: { N: 1, H: 224 },
    samples: 50,
    bgr: true,
    quiet: false,
    'bias-correction': false,
  });
  const { options, notes } = read();
  expect(options).toEqual({
    data: join(folder, 'photos'),
    evalData: '/else/where',
    output: join(folder, 'models/small.onnx'),
    mean: '0.5,0.25,1',
    std: '2',
    rawShape: '3,8,8',
    letterbox: '114',
    exclude: ['head/*', 'Softmax'],
    dim: 'N=1,H=224',
    samples: '50',
    bgr: true,
    biasCorrection: false,
  });
  expect(dataOptionsOf(options)).toEqual({
    mean: [0.5, 0.25, 1],
    std: [2],
    resize: { letterbox: 114 },
    rawShape: [3, 8, 8],
    bgr: true,
  });
  expect(dimsOf(options.dim, '--dim')).toEqual({ N: 1, H: 224 });
  expect(notes).toEqual([
    {
      code: 'options-from-file',
      where: join(folder, beside),
      what: 'it says data, eval-data, output, mean, std, rawShape, letterbox, exclude, dim, samples, bgr, bias-correction',
    },
  ]);
});

describe('what is typed wins', () => {
  test('option by option', () => {
    put({ preset: 'imagenet', mean: [1, 2, 3], target: 'web' });
    expect(read({ mean: '7', target: 'ort-cpu' }).options).toEqual({
      preset: 'imagenet',
      mean: '7',
      target: 'ort-cpu',
    });
    expect(read({ preset: '0-1', target: 'x' })).toEqual({
      options: { preset: '0-1', target: 'x' },
      fromFile: new Set(),
      notes: [],
    });
  });

  test('a preset sets aside what else the file says of values and frame, a letterbox a resize, a plan its options', () => {
    put({
      preset: 'imagenet',
      mean: 1,
      std: 2,
      scale: 3,
      resize: 8,
      filter: 'box',
      bgr: true,
      method: 'mse',
      only: 'a',
    });
    expect(read({ preset: '0-1' }).options).toEqual({ preset: '0-1', bgr: true, method: 'mse', only: 'a' });
    expect(read({ letterbox: '0' }).options).toMatchObject({ letterbox: '0', preset: 'imagenet' });
    expect(read({ letterbox: '0' }).options).not.toHaveProperty('resize');
    expect(Object.keys(read({ plan: 'p.json' }).options)).toEqual(
      expect.not.arrayContaining(['method', 'only']),
    );
  });

  test('--config names the only file that is read', () => {
    put({ preset: 'imagenet' });
    put({ preset: '0-1', data: 'd.npz' }, 'other.json');
    const config = join(folder, 'other.json');
    expect(read({ config }).options).toEqual({ config, preset: '0-1', data: join(folder, 'd.npz') });
  });
});

describe('each command takes what it knows', () => {
  const content = {
    target: 'qnn',
    data: 'd.npz',
    samples: 5,
    engine: true,
    layers: false,
    'save-plan': 'p.json',
    dim: { N: 1 },
  };

  test.each([
    ['quantize', ['data', 'dim', 'samples', 'savePlan', 'target']],
    ['inspect', ['dim', 'engine', 'target']],
    ['compare', ['data', 'dim', 'layers', 'samples']],
  ])('%s', (command, keys) => {
    put(content);
    const { options, fromFile, notes } = read({}, command);
    expect(Object.keys(options).sort()).toEqual(keys);
    expect([...fromFile].sort()).toEqual(keys);
    expect(notes.map((n) => n.code)).toEqual(['options-from-file']);
  });

  test('a name that is a switch of one command and takes a value in others', () => {
    put({ engine: 'web' });
    expect(read({}, 'inspect').options).toEqual({});
    expect(read({}, 'compare').options).toEqual({ engine: 'web' });
    put({ engine: true });
    expect(read({}, 'inspect').options).toEqual({ engine: true });
    expect(read({}, 'compare').options).toEqual({});
  });

  test('a switch that goes both ways', () => {
    put({ layers: false });
    expect(read({}, 'compare').options).toEqual({ layers: false });
    expect(read({ layers: true }, 'compare').options).toEqual({ layers: true });
    put({ layers: true });
    expect(read({}, 'compare').options).toEqual({ layers: true });
    put({ 'no-layers': true });
    expect(read({}, 'compare').options).toEqual({ layers: false });
    put({ 'no-layers': false });
    expect(read({}, 'compare').options).toEqual({});
  });

  test('what is no value of its option is wrong for every command', () => {
    put({ bgr: 'yes' });
    expect(() => read({}, 'inspect')).toThrow('\'bgr\': "yes" is not true or false');
  });

  test('nothing is noted of what is for others', () => {
    put({ 'save-plan': 'p.json' });
    expect(read({}, 'inspect')).toEqual({ options: {}, fromFile: new Set(), notes: [] });
  });
});

describe('what is wrong is said', () => {
  const file = 'DIR/models/octavo.json';
  test.each<[string, unknown, string]>([
    [
      'an unknown key',
      { presett: 'imagenet' },
      `${file}, 'presett': there is no such option. Nearest are 'preset' and 'resize'`,
    ],
    [
      'the file itself',
      { config: 'a.json' },
      `${file}, 'config': a file of options names no other. Put all options into one file`,
    ],
    [
      'two spellings',
      { 'raw-dtype': 'int8', rawDtype: 'int8' },
      `${file}, 'rawDtype': 'raw-dtype' says the same. Keep one of them`,
    ],
    ['a switch', { bgr: 'yes' }, `${file}, 'bgr': "yes" is not true or false. Write true or false`],
    [
      'an empty text',
      { data: '' },
      `${file}, 'data': "" is no value of --data. Write it as on the command line: a text or number, or a list of them`,
    ],
    [
      'an object',
      { mean: { r: 1 } },
      `${file}, 'mean': {"r":1} is no value of --mean. Write it as on the command line: a text or number, or a list of them`,
    ],
    [
      'null',
      { std: null },
      `${file}, 'std': null is no value of --std. Write it as on the command line: a text or number, or a list of them`,
    ],
    ['a list', '[]', `${file}: it is JSON, but no object. Write an object from option names to values`],
  ])('%s', (_, content, message) => {
    put(content);
    const error = (() => {
      try {
        return read();
      } catch (cause) {
        return cause as Error;
      }
    })() as Error;
    expect(error.message.replaceAll(folder, 'DIR')).toBe(message);
  });

  test('broken JSON, a missing file, one too large', () => {
    put('{');
    expect(() => read()).toThrow(/octavo.json: it is not JSON \(.*\). Correct it, or move it away/);
    expect(() => read({ config: join(folder, 'none.json') })).toThrow(/none.json: it cannot be read: ENOENT/);
    put(`{"data": "${'x'.repeat(1 << 20)}"}`);
    expect(() => read()).toThrow('bytes are no list of options. The limit is 1048576');
  });
});
