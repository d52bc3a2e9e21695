import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExactSum } from './exact-sum.ts';

const term = fc.double({ noNaN: true, min: -(2 ** 900), max: 2 ** 900 });
/** Terms of like size, which cancel and tie more often. */
const near = fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((n) => n * 2 ** -10);
const terms = fc.oneof(fc.array(term, { maxLength: 60 }), fc.array(near, { maxLength: 60 }));

/** A double as an integer multiple of 2^-1074. */
function exactly(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 2047n);
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0 ? fraction : ((1n << 52n) | fraction) << BigInt(exponent - 1);
  return bits >> 63n === 1n ? -magnitude : magnitude;
}

test('the parts add up to the exact total and do not overlap', () => {
  fc.assert(
    fc.property(terms, (values) => {
      const parts = ExactSum.of(values).parts();
      const total = values.reduce((sum, x) => sum + exactly(x), 0n);
      expect(parts.reduce((sum, x) => sum + exactly(x), 0n)).toBe(total);
      for (let i = 1; i < parts.length; i++)
        expect(Math.abs(parts[i]!)).toBeLessThanOrEqual(Math.abs(parts[i - 1]!) * 2 ** -53);
    }),
  );
});

test('the value is the double nearest to the exact total', () => {
  fc.assert(
    fc.property(terms, (values) => {
      const value = ExactSum.of(values).value();
      const total = values.reduce((sum, x) => sum + exactly(x), 0n);
      const distance = (x: number): bigint => {
        const d = exactly(x) - total;
        return d < 0n ? -d : d;
      };
      for (const neighbour of neighboursOf(value)) expect(distance(value) <= distance(neighbour)).toBe(true);
    }),
  );
});

function neighboursOf(x: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  if (x === 0) return [Number.MIN_VALUE, -Number.MIN_VALUE];
  return [bits + 1n, bits - 1n].map((b) => {
    view.setBigUint64(0, b);
    return view.getFloat64(0);
  });
}

test('order, grouping and merging do not matter', () => {
  fc.assert(
    fc.property(terms, terms, (a, b) => {
      const whole = ExactSum.of([...a, ...b]).parts();
      expect(ExactSum.of([...b, ...a].reverse()).parts()).toEqual(whole);
      const merged = ExactSum.of(b);
      merged.merge(ExactSum.of(a));
      expect(merged.parts()).toEqual(whole);
      expect(merged.equals(ExactSum.of(whole))).toBe(true);
    }),
  );
});

test('a tie is broken by what lies far below it', () => {
  const tie = [1, 2 ** -53];
  expect(ExactSum.of(tie).value()).toBe(1);
  expect(ExactSum.of([...tie, 2 ** -900]).value()).toBe(1 + 2 ** -52);
  expect(ExactSum.of([...tie, -(2 ** -900)]).value()).toBe(1);
  expect(ExactSum.of([1 + 2 ** -52, 2 ** -53]).value()).toBe(1 + 2 ** -51);
});

test('stays small under terms that share no bits', () => {
  const sum = new ExactSum();
  for (let e = -1070; e <= 950; e += 3) sum.add(2 ** e);
  for (let e = -1070; e <= 950; e += 3) sum.add(-(2 ** e));
  expect(sum.parts()).toEqual([]);
  expect(sum.value()).toBe(0);
  for (let e = 950; e >= -1070; e -= 2) sum.add(2 ** e);
  expect(sum.parts().length).toBeLessThanOrEqual(40);
});

test('merging into itself doubles; adding nothing is nothing', () => {
  const sum = ExactSum.of([0.1, 0.2, -0]);
  const single = sum.parts();
  sum.merge(sum);
  expect(sum.parts()).toEqual(single.map((p) => p * 2));
  expect(new ExactSum().value()).toBe(0);
});

test('refuses what has no exact sum', () => {
  const sum = new ExactSum();
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 961])
    expect(() => sum.add(bad)).toThrow(RangeError);
  expect(sum.parts()).toEqual([]);
});
