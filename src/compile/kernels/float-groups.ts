/**
 * What is computed of groups of float32s, a group a unit: reductions, softmaxes, normalizations. Sums in doubles, in the order of
 * the elements, rounded once: the same bits however the groups are split among threads.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { f64, i32, ops, select } from '../../wasm/index.ts';
import type { Real, RealLocal } from './functions/real-function.ts';
import { advance, inGroups } from './rows.ts';

const { f32: S, f64: D, i32: I } = ops;

/** Visits the elements of a group as doubles, in their order. */
export function eachElement(
  f: FunctionBody,
  group: { readonly at: Expression<'i32'>; readonly count: Expression<'i32'>; readonly step: Local<'i32'> },
  visit: (x: RealLocal) => void,
): void {
  const at = f.let(group.at);
  const x = f.local('f64');
  inGroups(f, group.count, [1], () => {
    f.set(x, D.promote_f32(S.load(at)));
    visit(x);
    advance(f, at, group.step);
  });
}

export function sumOf(
  f: FunctionBody,
  group: Parameters<typeof eachElement>[1],
  term: (x: RealLocal) => Real,
): RealLocal {
  const sum = f.let<'f64'>(f64(0));
  eachElement(f, group, (x) => f.set(sum, D.add(sum, term(x))));
  return sum;
}

/** a, where it is above b or NaN; else b. */
export function larger(a: RealLocal, b: Real): Real {
  return select<'f64'>(a, b, I.or(D.gt(a, b), D.ne(a, a)));
}

export function smaller(a: RealLocal, b: Real): Real {
  return select<'f64'>(a, b, I.or(D.lt(a, b), D.ne(a, a)));
}

/** The first, or what `choose` makes of it and those behind it. */
export function chosenOf(
  f: FunctionBody,
  group: Parameters<typeof eachElement>[1],
  choose: (known: RealLocal, x: RealLocal) => Real,
): RealLocal {
  const known = f.let(D.promote_f32(S.load(group.at)));
  const rest = { ...group, at: I.add(group.at, group.step), count: I.sub(group.count, i32(1)) };
  eachElement(f, rest, (x) => f.set(known, choose(known, x)));
  return known;
}
