/**
 * Functions of doubles in WebAssembly, each the straight lines of its namesake in src/base, operation by operation: the same
 * bits. Tests hold them to it.
 */
import type { Callable, Expression, FunctionBody, Local } from '../../../wasm/index.ts';
import { call, f64, ops } from '../../../wasm/index.ts';
import type { SharedFunction } from '../kernel.ts';

const { f64: D } = ops;

export type Real = Expression<'f64'>;
export type RealLocal = Local<'f64'>;

/** How a body calls another function, which joins the module. */
export type CallReal = (wanted: RealFunction, ...given: readonly Real[]) => Real;

export interface RealFunction extends SharedFunction {
  readonly arity: number;
}

/** The body returns by `f.return`, at its end too. */
export function realFunction(
  name: string,
  arity: number,
  emit: (f: FunctionBody, given: readonly RealLocal[], callReal: CallReal) => void,
): RealFunction {
  return {
    name,
    arity,
    define(module, shared): Callable {
      const params = Array.from({ length: arity }, () => 'f64' as const);
      return module.function(name, { params, result: 'f64' }, (f, ...given) =>
        emit(f, given, realCalls(shared)),
      );
    },
  };
}

export function realCalls(shared: (wanted: SharedFunction) => Callable): CallReal {
  return (wanted, ...given) => {
    if (given.length !== wanted.arity) throw new TypeError(`${wanted.name} takes ${wanted.arity} numbers`);
    return call(shared(wanted) as Callable<readonly 'f64'[], 'f64'>, ...given);
  };
}

/** c0 + x (c1 + x (c2 + ...)), from the inside. */
export function polynomial(f: FunctionBody, x: RealLocal, coefficients: readonly number[]): RealLocal {
  const sum = f.let<'f64'>(f64(coefficients.at(-1)!));
  for (const c of coefficients.slice(0, -1).reverse()) f.set(sum, D.add(f64(c), D.mul(x, sum)));
  return sum;
}

/** Returns `value` where the condition holds. */
export function returnIf(f: FunctionBody, condition: Expression<'i32'>, value: Real): void {
  f.if(condition, () => f.return(value));
}

export const notNumber = (x: RealLocal): Expression<'i32'> => D.ne(x, x);
