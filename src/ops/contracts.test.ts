// The list of operators as a whole, and rules that depend on attributes.
import { expect, test } from 'vitest';
import { nodeOf } from '../../test/support/one-node.ts';
import { sharedModel, sharedModels, whySkipped } from '../../test/support/shared.ts';
import { OctavoError } from '../base/errors.ts';
import { readOnnx } from '../formats/onnx/index.ts';
import { attr, Tensor } from '../ir/index.ts';
import { contractOf, contracts } from './index.ts';

test('an operator stands in one place', () => {
  const keys = contracts.map((c) => `${c.domain ?? ''}:${c.op}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test("ONNX's domain has two spellings, and other domains are not ONNX's", () => {
  const conv = contractOf({ op: 'Conv', domain: '' });
  expect(conv?.op).toBe('Conv');
  expect(contractOf({ op: 'Conv', domain: 'ai.onnx' })).toBe(conv);
  expect(contractOf({ op: 'Conv', domain: 'com.example' })).toBeUndefined();
  expect(contractOf({ op: 'constructor', domain: '' })).toBeUndefined();
});

test('rules that depend on the node', () => {
  const rule = (op: string, mode: string, inputs = 1) => {
    const node = nodeOf({ op, inputs: [], attributes: { mode: attr.string(mode) } });
    const declared = contractOf(node)?.quantize;
    return typeof declared === 'function'
      ? declared({ ...node, inputs: ['x', 'pads', 'value'].slice(0, inputs) })
      : declared;
  };
  expect(rule('Resize', 'nearest')).toEqual({ kind: 'shared', data: [0] });
  expect(rule('Resize', 'linear')).toEqual({ kind: 'arithmetic', data: [0] });
  expect(rule('Pad', 'reflect', 3)).toEqual({ kind: 'shared', data: [0] });
  expect(rule('Pad', 'constant', 2)).toEqual({ kind: 'shared', data: [0] });
  expect(rule('Pad', 'constant', 3)).toEqual({ kind: 'shared', data: [0, 2] });
});

test('every rule names inputs that make sense', () => {
  for (const contract of contracts) {
    const rule = typeof contract.quantize === 'function' ? undefined : contract.quantize;
    if (rule === undefined) continue;
    expect([contract.op, contract.infer !== undefined]).toEqual([contract.op, true]);
    if (rule.kind === 'arithmetic' && rule.fixedOutput !== undefined)
      expect(rule.fixedOutput[0]).toBeLessThan(rule.fixedOutput[1]);
    if ('data' in rule && Array.isArray(rule.data)) expect(rule.data.length).toBeGreaterThan(0);
  }
});

test('inputs that are left out are refused, not stumbled over', () => {
  const one = Tensor.from('int64', [1], [1]);
  let evaluated = 0;
  for (const { op, domain = '', evaluate } of contracts)
    for (const inputs of [
      [],
      [undefined],
      [undefined, one, one, one],
      [one],
      [one, undefined, undefined, one],
    ])
      try {
        evaluate?.({ node: nodeOf({ op, domain, inputs: [] }), opset: 17, inputs });
        if (evaluate !== undefined) evaluated++;
      } catch (error) {
        if (!(error instanceof OctavoError)) expect.fail(`${op} of [${inputs.map(String)}]: ${error}`);
      }
  expect(evaluated).toBeGreaterThan(20);
});

test.skipIf(sharedModels.length === 0)(
  `real models use known operators only (else skipped: ${whySkipped})`,
  () => {
    const unknown = sharedModels.flatMap((file) =>
      readOnnx(sharedModel(file)).graph.nodes.filter((node) => contractOf(node)?.infer === undefined),
    );
    expect(unknown.map((node) => node.op)).toEqual([]);
  },
);
