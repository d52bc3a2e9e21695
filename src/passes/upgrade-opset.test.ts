// What conversions do is in golden/upgrade-opset; here is what cannot be converted.
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../base/errors.ts';
import { opsetOf } from '../ir/index.ts';
import { parseModel } from '../ir/text.ts';
import { changes } from './upgrade-opset/conversions.ts';
import { introducedIn } from './upgrade-opset/operator-history.ts';
import { upgradeOpset } from './upgrade-opset.ts';

const model = (opset: number, ...lines: readonly string[]) =>
  parseModel(`opset ${opset} graph g { input x: float32[1, 1, 2, 2] ${lines.join('\n')} output y: float32 }`);
const upgrade = upgradeOpset(13);

describe('upgrade-opset refuses, naming node, operator and opset', () => {
  test.each([
    [6, 'y = Relu(x)', /opset 6; opsets 7 to 26 are read/],
    [27, 'y = Relu(x)', /opset 27; opsets 7 to 26 are read/],
    [
      11,
      'y = Upsample(x, s) @up',
      /node 'up' \(Upsample, opset 11\): opset 11 has no operator Upsample any more/,
    ],
    [11, 'y = Gelu(x)', /opset 11 has no operator Gelu/],
    [8, 'y = Where(x, x, x)', /opset 8 has no operator Where/],
    [9, 'y = OneHot(x, x, x)', /negative indices/],
    [8, 'y = Scan(x)', /batch dimension/],
    [7, 'y = BatchNormalization(x, x, x, x, x) {spatial = 0}', /spatial = 0 is gone/],
    [10, 'y = ConvTranspose(x, x) {auto_pad = "SAME_LOWER"}', /other side/],
    [9, 'y = ConvTranspose(x, x) {output_shape = [1, 2]}', /other side/],
    [9, 'i = Cast(x) {to = 6} j = Erf(i) y = Cast(j) {to = 1}', /Erf takes no int32/],
    [11, 'y = Resize(x, _, x) {coordinate_transformation_mode = "tf_half_pixel_for_nn"}', /is gone/],
    [10, 'y = Resize(x, x)', /scales that are not constant/],
    [10, 'const s: float32[4] = [1, 1, 2, 0.5] y = Resize(x, s)', /grows along one axis and shrinks/],
    [9, 'y = Upsample(x, x) {mode = "cubic"}', /mode 'cubic' is not known/],
    [10, 'a, m = Dropout(x) y = Cast(m) {to = 1}', /its mask is used/],
    [9, 'y = TopK(x) {axis = 1}', /it has no k/],
    [9, 'y = Softmax() {axis = 1}', /it has no input or no output/],
    [7, 'y = If(x) {then_branch = graph b { t = Foo(x) output t: float32 }}', /has no operator Foo/],
  ])('opset %d: %s', (opset, line, message) => {
    expect(() => upgrade.run(model(opset, line))).toThrow(message);
    expect(() => upgrade.run(model(opset, line))).toThrow(UnsupportedError);
  });
});

test('other domains, and what means the same, pass as they are', () => {
  const before = model(9, 'a = com.x::Softmax(x) {axis = 1}', 'y = ConvTranspose(a, x)');
  const after = upgrade.run(before);
  expect(opsetOf(after)).toBe(13);
  expect(after.graph).toBe(before.graph);
});

test('a float16 bound is cast', () => {
  const before = parseModel(
    'opset 10 graph g { input x: float16[2] y = Clip(x) {max = 1.5} output y: float16[2] }',
  );
  const [cast, clip] = upgrade.run(before).graph.nodes;
  expect([cast!.op, clip!.op, clip!.inputs]).toEqual(['Cast', 'Clip', ['x', '', 'y_max']]);
});

test('every change is of an operator there is', () => {
  for (const [op, list] of changes) {
    expect(introducedIn.has(op), op).toBe(true);
    for (const { since } of list) expect(since).toBeGreaterThan(introducedIn.get(op)!);
  }
});
