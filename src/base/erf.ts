/** The error function from + - * / alone, within 1.4 units in the last place (elementary-functions.test.ts). */
import { exp } from './exp.ts';

/** erf x for every x; the sign of zero stays. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size <= 1) return x + x * excess(x * x);
  if (Number.isNaN(x)) return x;
  // erfc 6 is below half a last place of 1.
  const value = size >= 6 ? 1 : 1 - exp(-(size * size)) * scaledRest(1 / (size + 2));
  return x < 0 ? -value : value;
}

const twoOverRootPi = 1.1283791670955126;
const excessAtZero = 0.12837916709551256;

/** erf x / x - 1 = 2 / sqrt(pi) (1 - z/3 + z^2/(2! 5) - z^3/(3! 7) ... - z^19/(19! 39)) - 1, z = x^2 <= 1. */
function excess(z: number): number {
  let sum = -1 / 4744158915944448000;
  sum = 1 / 236887827111936000 + z * sum;
  sum = -1 / 12449059983360000 + z * sum;
  sum = 1 / 690452066304000 + z * sum;
  sum = -1 / 40537905408000 + z * sum;
  sum = 1 / 2528170444800 + z * sum;
  sum = -1 / 168129561600 + z * sum;
  sum = 1 / 11975040000 + z * sum;
  sum = -1 / 918086400 + z * sum;
  sum = 1 / 76204800 + z * sum;
  sum = -1 / 6894720 + z * sum;
  sum = 1 / 685440 + z * sum;
  sum = -1 / 75600 + z * sum;
  sum = 1 / 9360 + z * sum;
  sum = -1 / 1320 + z * sum;
  sum = 1 / 216 + z * sum;
  sum = -1 / 42 + z * sum;
  sum = 1 / 10 + z * sum;
  return excessAtZero + twoOverRootPi * (z * (-1 / 3 + z * sum));
}

/** erfc x e^(x^2) for 1 <= x <= 6 in u = 1 / (x + 2): a Chebyshev fit of degree 16, within 3e-18. */
function scaledRest(u: number): number {
  let sum = -4875.8923220392635;
  sum = 18137.16016576931 + u * sum;
  sum = -30368.2623604029 + u * sum;
  sum = 29840.22786377935 + u * sum;
  sum = -18775.426689495016 + u * sum;
  sum = 7781.0890875471505 + u * sum;
  sum = -2180.9601729464644 + u * sum;
  sum = 471.55570766079865 + u * sum;
  sum = -86.45933445351965 + u * sum;
  sum = 0.4045558368126824 + u * sum;
  sum = -0.7228605651893688 + u * sum;
  sum = 2.6697328216797693 + u * sum;
  sum = 2.8258324602066986 + u * sum;
  sum = 1.9741595366538842 + u * sum;
  sum = 1.1284077674102482 + u * sum;
  sum = 0.5641886748920729 + u * sum;
  return 1.273194538411999e-8 + u * sum;
}
