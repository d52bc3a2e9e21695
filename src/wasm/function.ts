/** The body of a function: typed locals, statements, structured control. Labels know their depth, so a branch cannot miss. */
import type { ByteWriter } from './bytes.ts';
import { ByteWriter as Writer, written } from './bytes.ts';
import type { Expression, ValueType } from './expression.ts';
import { i32, ops } from './expression.ts';

export const valueTypeCodes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** A local is its value where an expression is wanted. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

/** Where a branch can go: behind a block, or to the start of a loop. */
export interface Label {
  readonly depth: number;
}

/** What a call needs to know of a function. */
export interface Callable<
  P extends readonly ValueType[] = readonly ValueType[],
  R extends ValueType | 'none' = ValueType | 'none',
> {
  readonly name: string;
  readonly params: P;
  readonly result: R;
  /** In the module's index space, decided when it is written. */
  readonly index: () => number;
}

export type Arguments<P extends readonly ValueType[]> = { readonly [K in keyof P]: Expression<P[K]> };

export class FunctionBody {
  readonly #out = new Writer();
  readonly #locals: ValueType[] = [];
  readonly #params: number;
  readonly #result: ValueType | 'none';
  #depth = 0;

  constructor(params: readonly ValueType[], result: ValueType | 'none') {
    this.#params = params.length;
    this.#result = result;
  }

  local<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return localAt(this.#params + this.#locals.length - 1, type);
  }

  locals<T extends ValueType>(type: T, count: number): readonly Local<T>[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** A local of its own that holds the value from here on. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Expression<T>): void {
    if (local.type !== value.type)
      throw new TypeError(`a local of ${local.type} cannot hold a ${value.type}`);
    value.emit(this.#out);
    this.#out.byte(0x21);
    this.#out.u32(local.index);
  }

  /** A statement: a store, a call without a result. */
  do(statement: Expression<'none'>): void {
    statement.emit(this.#out);
  }

  drop(value: Expression<ValueType>): void {
    value.emit(this.#out);
    this.#out.byte(0x1a);
  }

  /** Branches to the label leave it. */
  block(body: (exit: Label) => void): void {
    this.#nested(0x02, body);
  }

  /** Branches to the label start it again; falling off its end leaves it. */
  loop(body: (again: Label) => void): void {
    this.#nested(0x03, body);
  }

  if(condition: Expression<'i32'>, yes: () => void, no?: () => void): void {
    condition.emit(this.#out);
    this.#out.bytes([0x04, 0x40]);
    this.#depth++;
    yes();
    if (no !== undefined) {
      this.#out.byte(0x05);
      no();
    }
    this.#depth--;
    this.#out.byte(0x0b);
  }

  branch(to: Label): void {
    this.#out.byte(0x0c);
    this.#out.u32(this.#depth - to.depth);
  }

  branchIf(to: Label, condition: Expression<'i32'>): void {
    condition.emit(this.#out);
    this.#out.byte(0x0d);
    this.#out.u32(this.#depth - to.depth);
  }

  return(value?: Expression<ValueType>): void {
    if ((value?.type ?? 'none') !== this.#result)
      throw new TypeError(`a function of ${this.#result} cannot return ${value?.type ?? 'none'}`);
    value?.emit(this.#out);
    this.#out.byte(0x0f);
  }

  trap(): void {
    this.#out.byte(0x00);
  }

  /** Runs while `condition` holds, which is looked at first. */
  while(condition: Expression<'i32'>, body: () => void): void {
    this.block((exit) => {
      this.loop((again) => {
        this.branchIf(exit, ops.i32.eqz(condition));
        body();
        this.branch(again);
      });
    });
  }

  /** Runs once, and again while `condition` holds: one branch a round. */
  doWhile(body: () => void, condition: () => Expression<'i32'>): void {
    this.loop((again) => {
      body();
      this.branchIf(again, condition());
    });
  }

  /** `counter` from `from` by `step` while it is below `limit` (signed). */
  for(
    counter: Local<'i32'>,
    from: Expression<'i32'>,
    limit: Expression<'i32'>,
    body: () => void,
    step = 1,
  ): void {
    this.set(counter, from);
    this.while(ops.i32.lt_s(counter, limit), () => {
      body();
      this.set(counter, ops.i32.add(counter, i32(step)));
    });
  }

  #nested(code: number, body: (label: Label) => void): void {
    this.#out.bytes([code, 0x40]);
    this.#depth++;
    body({ depth: this.#depth });
    this.#depth--;
    this.#out.byte(0x0b);
  }

  /** The code section's entry: locals in runs of one type, then the instructions. */
  finish(): Uint8Array<ArrayBuffer> {
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    return written((out) => {
      out.u32(runs.length);
      for (const { type, count } of runs) {
        out.u32(count);
        out.byte(valueTypeCodes[type]);
      }
      out.bytes(this.#out.finish());
      out.byte(0x0b);
    });
  }
}

export function localAt<T extends ValueType>(index: number, type: T): Local<T> {
  return {
    type,
    index,
    emit(out: ByteWriter) {
      out.byte(0x20);
      out.u32(index);
    },
  };
}

/** Sets the local and leaves its value. */
export function tee<T extends ValueType>(local: Local<T>, value: Expression<T>): Expression<T> {
  return {
    type: local.type,
    emit(out) {
      value.emit(out);
      out.byte(0x22);
      out.u32(local.index);
    },
  };
}

export function call<P extends readonly ValueType[], R extends ValueType | 'none'>(
  callee: Callable<P, R>,
  ...given: Arguments<P>
): Expression<R> {
  const list = given as readonly Expression<ValueType>[];
  for (const [i, type] of callee.params.entries())
    if (list[i]?.type !== type)
      throw new TypeError(`${callee.name}: argument ${i} is ${list[i]?.type ?? 'missing'}, not ${type}`);
  return {
    type: callee.result,
    emit(out) {
      for (const argument of list) argument.emit(out);
      out.byte(0x10);
      out.u32(callee.index());
    },
  };
}
