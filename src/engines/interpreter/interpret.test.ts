// The interpreter itself: names, bodies, and which arithmetic codes get. Operators are tested beside their references.
import { expect, test } from 'vitest';
import { Tensor } from '../../ir/index.ts';
import { parseModel } from '../../ir/text.ts';
import { interpret } from './interpret.ts';

const model = (lines: string) => parseModel(`ir 8\nopset 17\n\ngraph g {\n${lines}\n}\n`);
const floats = (...values: number[]) => Tensor.from('float32', [values.length], values);

const chain = model(`
  input x: float32[3]
  const b: float32[3] = [1, 2, 3]
  a: float32[3] = Add(x, b)
  y: float32[3] = Neg(a)
  output y: float32[3]`);

test('gives the outputs, or any values of the graph by name', () => {
  expect(interpret(chain, { x: floats(1, 1, 1) }).y!.toNumbers()).toEqual([-2, -3, -4]);
  const some = interpret(chain, { x: floats(1, 1, 1) }, ['a', 'x', 'b']);
  expect(some.a!.toNumbers()).toEqual([2, 3, 4]);
  expect(some.x!.toNumbers()).toEqual([1, 1, 1]);
  expect(some.b!.toNumbers()).toEqual([1, 2, 3]);
});

test('refuses feeds and names that do not fit', () => {
  expect(() => interpret(chain, {})).toThrow("input 'x': it is not fed");
  expect(() => interpret(chain, { x: floats(1, 1, 1), z: floats(1) })).toThrow("input 'z'");
  expect(() => interpret(chain, { x: floats(1, 1, 1) }, ['nothing'])).toThrow("output 'nothing'");
});

const onCodes = model(`
  input x: float32[4]
  q: uint8[4] scale(0.5) zero(10) = QuantizeLinear(x)
  r: uint8[4] scale(0.25) zero(0) = Abs(q)
  y: float32[4] = DequantizeLinear(r)
  output y: float32[4]`);

test('codes are made, computed with and turned back by the parameters of their values', () => {
  for (const arithmetic of ['int8', 'fake'] as const) {
    const feeds = { x: floats(0.75, -1.25, 3, -100) };
    const { q, r, y } = interpret(onCodes, feeds, ['q', 'r', 'y'], { arithmetic });
    // 1.5 and -2.5 steps go to the even neighbour; -100 saturates at code 0.
    expect(q!.toNumbers()).toEqual([12, 8, 16, 0]);
    expect(r!.toNumbers()).toEqual([4, 4, 12, 20]);
    expect(y!.toNumbers()).toEqual([1, 1, 3, 5]);
  }
});

test('an operator without a reference is named', () => {
  const unknown = model(`
  input x: float32[3]
  y: float32[3] = com.example::Frobnicate(x)
  output y: float32[3]`);
  expect(() => interpret(unknown, { x: floats(1, 2, 3) })).toThrow('Frobnicate');
});
