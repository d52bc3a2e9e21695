/** Numbers of twice a double's precision, as src/base/double-double.ts has them, in the lines of the function around them. */
import type { FunctionBody } from '../../../wasm/index.ts';
import { f64, ops } from '../../../wasm/index.ts';
import type { Real, RealLocal } from './real-function.ts';

const { f64: D } = ops;

export interface Pair {
  readonly high: RealLocal;
  readonly low: RealLocal;
}

export function pairOf(f: FunctionBody, high: Real, low: Real = f64(0)): Pair {
  return { high: f.let(high), low: f.let(low) };
}

export function quickSum(f: FunctionBody, a: RealLocal, b: RealLocal): Pair {
  const high = f.let(D.add(a, b));
  return { high, low: f.let(D.sub(b, D.sub(high, a))) };
}

export function exactSum(f: FunctionBody, a: RealLocal, b: RealLocal): Pair {
  const high = f.let(D.add(a, b));
  const fromB = f.let(D.sub(high, a));
  return { high, low: f.let(D.add(D.sub(a, D.sub(high, fromB)), D.sub(b, fromB))) };
}

const splitter = 134217729;

export function exactProduct(f: FunctionBody, a: RealLocal, b: RealLocal): Pair {
  const halves = (x: RealLocal): readonly [RealLocal, RealLocal] => {
    const spread = f.let(D.mul(f64(splitter), x));
    const high = f.let(D.sub(spread, D.sub(spread, x)));
    return [high, f.let(D.sub(x, high))];
  };
  const [[highA, lowA], [highB, lowB]] = [halves(a), halves(b)];
  const high = f.let(D.mul(a, b));
  const left = D.sub(D.sub(D.sub(high, D.mul(highA, highB)), D.mul(lowA, highB)), D.mul(highA, lowB));
  return { high, low: f.let(D.sub(D.mul(lowA, lowB), left)) };
}

export function addPairs(f: FunctionBody, a: Pair, b: Pair): Pair {
  const sum = exactSum(f, a.high, b.high);
  const rest = exactSum(f, a.low, b.low);
  const near = quickSum(f, sum.high, f.let(D.add(sum.low, rest.high)));
  return quickSum(f, near.high, f.let(D.add(near.low, rest.low)));
}

export function multiplyPairs(f: FunctionBody, a: Pair, b: Pair): Pair {
  const product = exactProduct(f, a.high, b.high);
  const cross = D.add(D.mul(a.high, b.low), D.mul(a.low, b.high));
  return quickSum(f, product.high, f.let(D.add(product.low, cross)));
}

export function dividePairs(f: FunctionBody, a: Pair, b: Pair): Pair {
  const first = f.let(D.div(a.high, b.high));
  const back = exactProduct(f, first, b.high);
  const rest = D.sub(D.add(D.sub(D.sub(a.high, back.high), back.low), a.low), D.mul(first, b.low));
  return quickSum(f, first, f.let(D.div(rest, b.high)));
}

export function sqrtPair(f: FunctionBody, a: Pair): Pair {
  const first = f.let(D.sqrt(a.high));
  const square = exactProduct(f, first, first);
  const rest = D.add(D.sub(D.sub(a.high, square.high), square.low), a.low);
  return quickSum(f, first, f.let(D.div(rest, D.mul(f64(2), first))));
}
