/** An angle less its multiples of pi/2, right for every double: what sin, cos and tan begin with. */
import { exponentOf } from './binary-exponent.ts';
import type { Pair } from './double-double.ts';
import { exactSum, multiplyPairs, quickSum } from './double-double.ts';

/** pi/2 in four parts, the first three of 33 bits: their products with a multiple below 2^20 are exact. */
const part1 = 1.5707963267341256;
const part2 = 6.077100506303966e-11;
const part3 = 2.0222662487111665e-21;
const part4 = 8.4784276603689e-32;
const twoOverPi = 0.6366197723675814;
const halfPi: Pair = { high: 1.5707963267948966, low: 6.123233995736766e-17 };

export interface ReducedAngle {
  /** x = multiple pi/2 + rest, of the multiple only its last two bits. */
  readonly quarter: 0 | 1 | 2 | 3;
  /** Within pi/4, and a rounding. */
  readonly rest: Pair;
}

/** Of a finite x. */
export function reduceAngle(x: number): ReducedAngle {
  if (Math.abs(x) < 0.7853981633974483) return { quarter: 0, rest: { high: x, low: 0 } };
  return Math.abs(x) < 1e6 ? reduceSmall(x) : reduceLarge(x);
}

/** Cody and Waite's: the multiple, times pi/2 in parts, taken off x one part after the other. */
function reduceSmall(x: number): ReducedAngle {
  const multiple = Math.floor(x * twoOverPi + 0.5);
  const first = exactSum(x, -multiple * part1);
  const second = exactSum(first.high, -multiple * part2);
  const third = exactSum(second.high, -multiple * part3);
  const low = first.low + second.low + third.low - multiple * part4;
  return { quarter: lastTwoBits(multiple), rest: exactSum(third.high, low) };
}

function lastTwoBits(multiple: number): 0 | 1 | 2 | 3 {
  return (multiple & 3) as 0 | 1 | 2 | 3;
}

/** floor(2/pi 2^1280). */
const twoOverPiBits = 1280;
const twoOverPiDigits = BigInt(
  [
    '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee8',
    '8235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f6',
    '69e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d',
  ].join(''),
);
const fractionBits = 192;

/**
 * Payne and Hanek's: x 2/pi in whole numbers, of which only the last two bits before the point and 192 behind it count. No
 * double comes nearer than 2^-62 to a multiple.
 */
function reduceLarge(x: number): ReducedAngle {
  const fractional = Math.max(0, 52 - exponentOf(x));
  const whole = BigInt(Math.abs(x) * 2 ** fractional);
  const turns = (whole * twoOverPiDigits) >> BigInt(twoOverPiBits + fractional - fractionBits);
  const multiple = (turns + (1n << BigInt(fractionBits - 1))) >> BigInt(fractionBits);
  const fraction = turns - (multiple << BigInt(fractionBits));
  const high = Number(fraction);
  const low = Number(fraction - BigInt(high));
  const scale = (x < 0 ? -1 : 1) * 2 ** -fractionBits;
  const rest = multiplyPairs(quickSum(high * scale, low * scale), halfPi);
  return { quarter: lastTwoBits(Number(BigInt.asIntN(32, x < 0 ? -multiple : multiple))), rest };
}
