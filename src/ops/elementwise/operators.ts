/** The operators themselves, on two numbers of one dtype. The store rounds or wraps what they return. */
import type { DType, Node } from '../../ir/index.ts';
import { intAttr, stringAttr } from '../../ir/index.ts';
import { cannotEvaluate, isFloat, isWide, larger, largerBig, smaller, smallerBig } from '../elements.ts';

interface Operator {
  readonly number: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
}

const truth = (test: (a: number | bigint, b: number | bigint) => boolean): Operator => ({
  number: (a, b) => (test(a, b) ? 1 : 0),
  big: (a, b) => (test(a, b) ? 1n : 0n),
});

const logic: Readonly<Record<string, Operator>> = {
  Equal: truth((a, b) => a === b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  And: truth((a, b) => a !== 0 && b !== 0),
  Or: truth((a, b) => a !== 0 || b !== 0),
  Xor: truth((a, b) => (a !== 0) !== (b !== 0)),
};

/** Operators that make bool. */
export const logicalOperators: ReadonlySet<string> = new Set(Object.keys(logic));

const floats: Readonly<Record<string, Operator['number']>> = {
  Add: (a, b) => a + b,
  Sum: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: larger,
  Min: smaller,
};

/** Up to 32 bits. Math.imul keeps the low word of a product, which is what wrapping needs. */
const integers: Readonly<Record<string, Operator['number']>> = {
  ...floats,
  Mul: Math.imul,
  BitwiseAnd: (a, b) => a & b,
  BitwiseOr: (a, b) => a | b,
  BitwiseXor: (a, b) => a ^ b,
};

const bigs: Readonly<Record<string, Operator['big']>> = {
  Add: (a, b) => a + b,
  Sum: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Max: largerBig,
  Min: smallerBig,
  BitwiseAnd: (a, b) => a & b,
  BitwiseOr: (a, b) => a | b,
  BitwiseXor: (a, b) => a ^ b,
};

/** Throws UNSUPPORTED where the operator has no one answer for the dtype; integer division by zero throws when met. */
export function operatorOf(node: Node, dtype: DType): Operator {
  const { op } = node;
  const no = (): never => {
    throw cannotEvaluate(node, `${op} of ${dtype} is not computed ahead`);
  };
  const own = logic[op];
  if (own !== undefined) return own;
  if (isFloat(dtype)) {
    if (op === 'Mod' && intAttr(node, 'fmod', 0) !== 0) return { number: (a, b) => a % b, big: no };
    return { number: floats[op] ?? no(), big: no };
  }
  if (op === 'Div') return divide(node);
  if (op === 'Mod') return modulo(node);
  if (op === 'BitShift') return dtype.startsWith('u') ? shift(node) : no();
  return isWide(dtype) ? { number: no, big: bigs[op] ?? no() } : { number: integers[op] ?? no(), big: no };
}

function nonZero<T extends number | bigint>(node: Node, b: T): T {
  if (Number(b) === 0) throw cannotEvaluate(node, 'an integer is divided by zero');
  return b;
}

function divide(node: Node): Operator {
  return {
    number: (a, b) => Math.trunc(a / nonZero(node, b)),
    big: (a, b) => a / nonZero(node, b),
  };
}

/** fmod = 1: the sign of the dividend (C); 0: of the divisor (Python). */
function modulo(node: Node): Operator {
  const c = intAttr(node, 'fmod', 0) !== 0;
  return {
    number: (a, b) => {
      const rest = a % nonZero(node, b);
      return c || rest === 0 || rest < 0 === b < 0 ? rest : rest + b;
    },
    big: (a, b) => {
      const rest = a % nonZero(node, b);
      return c || rest === 0n || rest < 0n === b < 0n ? rest : rest + b;
    },
  };
}

function shift(node: Node): Operator {
  const left = stringAttr(node, 'direction') === 'LEFT';
  return {
    // A shift by the width or more empties the word; JavaScript's own would wrap the count.
    number: (a, b) => (left ? (b > 31 ? 0 : a * 2 ** b) : b > 31 ? 0 : a >>> b),
    big: (a, b) => (b > 63n ? 0n : left ? a << b : a >> b),
  };
}
