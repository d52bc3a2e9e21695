import { describe, expect, test } from 'vitest';
import { modelOfText } from '../../test/support/hand-made-plan.ts';
import { OctavoError } from '../base/errors.ts';
import type { Selection } from './select.ts';
import { compileSelection } from './select.ts';

// Names as exporters write them: PyTorch paths, TensorFlow scopes, function results.
const { graph } = modelOfText(`input x: float32[1, 2]
  "/features/0/Conv_output_0" = Conv(x, x)                       @"/features/0/Conv"
  "/features/1/Conv_output_0" = Conv("/features/0/Conv_output_0", x) @"/features/1/Conv"
  "model::relu" = Relu("/features/1/Conv_output_0")               @"a[0].(b) c+d"
  "/y/i" = Gemm("model::relu", x)
  .hidden = Gemm("/y/i", x)                                    @Conv
  y = Softmax(.hidden)                                            @Prob
  output y: float32`);

const kept = (selection: Selection): string[] => {
  const select = compileSelection(graph, selection);
  return graph.nodes.filter((n) => select(n) === undefined).map((n) => n.name);
};
const all = graph.nodes.map((n) => n.name);
const without = (...names: string[]): string[] => all.filter((n) => !names.includes(n));

test('nothing asked, nothing left out', () => {
  expect(kept({})).toEqual(all);
  expect(kept({ only: [], exclude: [] })).toEqual(all);
});

describe('a pattern', () => {
  test.each<[what: string, pattern: string, excluded: string[]]>([
    ['node name', '/features/0/Conv', ['/features/0/Conv']],
    ['node name full of special characters', 'a[0].(b) c+d', ['a[0].(b) c+d']],
    ['value name', '/features/1/Conv_output_0', ['/features/1/Conv']],
    ['value name with colons', 'model::relu', ['a[0].(b) c+d']],
    ['glob across slashes', '*Conv_output*', ['/features/0/Conv', '/features/1/Conv']],
    ['glob from the start', '/features/*', ['/features/0/Conv', '/features/1/Conv']],
    ['glob in the middle', '/f*1/Conv', ['/features/1/Conv']],
    ['glob with a class', '/features/[12]/Conv', ['/features/1/Conv']],
    ['glob with alternatives', '{Prob,/y/i}', ['/y/i', 'Prob']],
    ['glob on names with a dot in front', '*hidden', ['Conv']],
    ['everything', '*', all],
    ['operator, and whatever is called so', 'Conv', ['/features/0/Conv', '/features/1/Conv', 'Conv']],
    ['operator', 'Softmax', ['Prob']],
    ['regex', '/features.[01]/', ['/features/0/Conv', '/features/1/Conv']],
    ['regex on the whole name', '/^y$/', ['Prob']],
    ['regex with a flag', '/^PROB$/i', ['Prob']],
    ['name that looks like a regex', '/y/i', ['/y/i']],
    ['regex with unicode', '/\\p{Lu}rob/u', ['Prob']],
  ])('%s: %s', (_, pattern, excluded) => {
    expect(kept({ exclude: [pattern] })).toEqual(without(...excluded));
    expect(kept({ only: [pattern] })).toEqual(excluded);
  });

  test('is case-sensitive where it is no regex', () => {
    expect(() => kept({ exclude: ['conv'] })).toThrow(OctavoError);
  });
});

test('several patterns add up, and exclude outranks only', () => {
  expect(kept({ only: ['/features/*', 'Prob'], exclude: ['*1*'] })).toEqual(['/features/0/Conv', 'Prob']);
  const select = compileSelection(graph, { only: ['/features/*'], exclude: ['*1*'] });
  const reason = (name: string) => select(graph.nodes.find((n) => n.name === name)!)?.reason;
  expect(reason('/features/1/Conv')).toBe('excluded by --exclude *1*');
  expect(reason('Prob')).toBe('not among --only');
});

const errorOf = (selection: Selection): OctavoError => {
  try {
    compileSelection(graph, selection);
  } catch (error) {
    if (error instanceof OctavoError) return error;
    throw error;
  }
  throw new Error('no error');
};

describe('errors', () => {
  test('a pattern that matches nothing names the nearest there are', () => {
    const error = errorOf({ exclude: ['Conv', '/features/0/Cnv'] });
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', where: '--exclude /features/0/Cnv' });
    expect(error.remedy).toMatch(/^Nearest names: '\/features\/0\/Conv', '\/features\/1\/Conv', /);
    expect(error.remedy).toContain('Operators: Conv, Gemm, Relu, Softmax');
    expect(errorOf({ only: ['Porb'] })).toMatchObject({ where: '--only Porb' });
    expect(errorOf({ only: ['Porb'] }).remedy).toMatch(/^Nearest names: 'Prob'/);
  });

  test('a broken regex', () => {
    const error = errorOf({ only: ['/a(/'] });
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', where: '--only /a(/' });
    expect(error.what).toMatch(/^not a regular expression/);
  });

  test('patterns of any length and content end in an error, soon', () => {
    for (const pattern of ['', ' ', '\\', '[', '(((', '!(', '{', `${'*'.repeat(50)}q`, 'x'.repeat(100_000)])
      expect(errorOf({ exclude: [pattern] }).code).toBe('INVALID_ARGUMENT');
  });
});
