// Elementary functions to 1,280 bits behind the point, in BigInt: the truth that src/base is measured against.

const bits = 1280;
const point = BigInt(bits);
const one = 1n << point;

/** A real number times 2^1280. */
export type Fixed = bigint;

const multiply = (a: Fixed, b: Fixed): Fixed => (a * b) >> point;
const divide = (a: Fixed, b: Fixed): Fixed => (a << point) / b;

function squareRoot(a: bigint): bigint {
  if (a < 2n) return a;
  let guess = 1n << BigInt(Math.ceil(a.toString(2).length / 2));
  for (;;) {
    const next = (guess + a / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

const sqrt = (a: Fixed): Fixed => squareRoot(a << point);

/** Exactly: every double is a whole number of 2^-1074. */
export function fixed(x: number): Fixed {
  let [exponent, mantissa] = [0, x];
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
    if (exponent > 1074) throw new RangeError(`${x} is no finite number`);
  }
  return BigInt(mantissa) << BigInt(bits - exponent);
}

/** Sum of term(n) for n = 0, 1, ... until they vanish. */
function series(
  first: Fixed,
  next: (term: Fixed, n: number) => Fixed,
  weight = (term: Fixed, _: number) => term,
): Fixed {
  let sum = 0n;
  let term = first;
  for (let n = 0; term !== 0n && term !== -1n; n++) {
    sum += weight(term, n);
    term = next(term, n);
  }
  return sum;
}

/** 2 (s + s^3/3 + ...), s = (x - 1) / (x + 1). */
function lnNearOne(x: Fixed): Fixed {
  const s = divide(x - one, x + one);
  const z = multiply(s, s);
  return (
    2n *
    series(
      s,
      (t) => multiply(t, z),
      (t, n) => t / BigInt(2 * n + 1),
    )
  );
}

const ln2 = lnNearOne(2n * one);

function exp(x: Fixed): Fixed {
  const k = x / ln2;
  const r = x - k * ln2;
  const e = series(one, (t, n) => multiply(t, r) / BigInt(n + 1));
  return k >= 0n ? e << k : e >> -k;
}

function ln(x: Fixed): Fixed {
  const k = BigInt(x.toString(2).length - bits);
  return k * ln2 + lnNearOne(k >= 0n ? x >> k : x << -k);
}

/** Halved until small: atan x = 2 atan(x / (1 + sqrt(1 + x^2))). */
function atan(x: Fixed): Fixed {
  let [small, halvings] = [x, 0n];
  while (small > one / 64n || small < -one / 64n) {
    small = divide(small, one + sqrt(one + multiply(small, small)));
    halvings++;
  }
  const z = -multiply(small, small);
  return (
    series(
      small,
      (t) => multiply(t, z),
      (t, n) => t / BigInt(2 * n + 1),
    ) << halvings
  );
}

/** pi 2^(1280 + 1100) by Machin's formula, for angles of up to 2^1024. */
const morePoint = point + 1100n;
const widePi = ((): bigint => {
  const inverseAtan = (n: bigint): bigint => {
    let [sum, term, k, sign] = [0n, (1n << (morePoint + 20n)) / n, 1n, 1n];
    for (; term > 0n; term /= n * n, k += 2n, sign = -sign) sum += (sign * term) / k;
    return sum;
  };
  return (4n * (4n * inverseAtan(5n) - inverseAtan(239n))) >> 20n;
})();
const pi = widePi >> 1100n;

function sin(x: Fixed): Fixed {
  const wide = x << 1100n;
  const turned = (wide % (2n * widePi)) >> 1100n;
  const z = -multiply(turned, turned);
  return series(turned, (t, n) => multiply(t, z) / BigInt((2 * n + 2) * (2 * n + 3)));
}

function cos(x: Fixed): Fixed {
  const wide = x << 1100n;
  const turned = (wide % (2n * widePi)) >> 1100n;
  const z = -multiply(turned, turned);
  return series(one, (t, n) => multiply(t, z) / BigInt((2 * n + 1) * (2 * n + 2)));
}

/** 2 / sqrt(pi) sum of (-1)^n x^(2n+1) / (n! (2n+1)). */
function erf(x: Fixed): Fixed {
  const z = -multiply(x, x);
  const sum = series(
    x,
    (t, n) => multiply(t, z) / BigInt(n + 1),
    (t, n) => t / BigInt(2 * n + 1),
  );
  return divide(2n * sum, sqrt(pi));
}

const half = (x: Fixed): Fixed => x / 2n;
const root1p = (x: Fixed): Fixed => sqrt(one + multiply(x, x));
const sinh = (x: Fixed): Fixed => half(exp(x) - exp(-x));
const cosh = (x: Fixed): Fixed => half(exp(x) + exp(-x));

export const truth = {
  exp,
  expm1: (x: Fixed) => exp(x) - one,
  ln,
  ln1p: (x: Fixed) => ln(one + x),
  sinh,
  cosh,
  tanh: (x: Fixed) => divide(sinh(x), cosh(x)),
  asinh: (x: Fixed) => (x < 0n ? -ln(-x + root1p(x)) : ln(x + root1p(x))),
  acosh: (x: Fixed) => ln(x + sqrt(multiply(x, x) - one)),
  atanh: (x: Fixed) => half(ln(divide(one + x, one - x))),
  sin,
  cos,
  tan: (x: Fixed) => divide(sin(x), cos(x)),
  asin: (x: Fixed) => atan(divide(x, sqrt(one - multiply(x, x)))),
  acos: (x: Fixed) => 2n * atan(sqrt(divide(one - x, one + x))),
  atan,
  erf,
} as const;

export function truePow(x: Fixed, y: Fixed): Fixed {
  return exp(multiply(y, ln(x)));
}

/** |value - what is true| in units of the last place of what is true. */
export function lastPlacesOff(value: number, right: Fixed): number {
  if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY;
  const size = right < 0n ? -right : right;
  const lastBit = Math.max(size.toString(2).length - 53, bits - 1074);
  const off = fixed(value) - right;
  return Number(((off < 0n ? -off : off) << 20n) >> BigInt(lastBit)) / 2 ** 20;
}
