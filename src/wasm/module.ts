/** A module being assembled: functions, one memory, globals, a table for indirect calls, names for profiles. */
import { ByteWriter, written } from './bytes.ts';
import type { Expression, ValueType } from './expression.ts';
import type { Arguments, Callable, Local } from './function.ts';
import { FunctionBody, localAt, valueTypeCodes } from './function.ts';

/** Pages of 64 KB. */
export interface MemoryLimits {
  readonly minimum: number;
  /** A shared memory needs one. */
  readonly maximum?: number;
  readonly shared?: boolean;
}

interface Defined {
  readonly name: string;
  readonly type: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface Global<T extends ValueType> extends Expression<T> {
  set(value: Expression<T>): Expression<'none'>;
}

type Locals<P extends readonly ValueType[]> = { readonly [K in keyof P]: Local<P[K]> };

export class ModuleBuilder {
  readonly #types: string[] = [];
  readonly #typeBytes: Uint8Array[] = [];
  readonly #imports: { module: string; name: string; type: number }[] = [];
  readonly #functions: Defined[] = [];
  readonly #exports: { name: string; kind: number; index: () => number }[] = [];
  readonly #globals: { type: ValueType; initial: Expression<ValueType> }[] = [];
  readonly #table: Callable[] = [];
  /** A module that calls through the table has one, be it empty. */
  #callsTable = false;
  #memory: { limits: MemoryLimits; from: readonly [string, string] | undefined } | undefined;

  /** The module's one memory, imported when `from` names where. Export it by `exportMemory`. */
  memory(limits: MemoryLimits, from?: readonly [module: string, name: string]): void {
    this.#memory = { limits, from };
  }

  exportMemory(name: string): void {
    this.#exports.push({ name, kind: 2, index: () => 0 });
  }

  importFunction<P extends readonly ValueType[], R extends ValueType | 'none'>(
    module: string,
    name: string,
    signature: { readonly params: P; readonly result: R },
  ): Callable<P, R> {
    const index = this.#imports.length;
    this.#imports.push({ module, name, type: this.#typeOf(signature.params, signature.result) });
    return { name, ...signature, index: () => index };
  }

  /** Emits the body at once. With `exported` it is called from outside by its name. */
  function<const P extends readonly ValueType[], const R extends ValueType | 'none'>(
    name: string,
    signature: { readonly params: P; readonly result: R; readonly exported?: boolean },
    emit: (body: FunctionBody, ...params: Locals<P>) => void,
  ): Callable<P, R> {
    const { params, result } = signature;
    const body = new FunctionBody(params, result);
    emit(body, ...(params.map((type, i) => localAt(i, type)) as unknown as Locals<P>));
    const position = this.#functions.length;
    this.#functions.push({ name, type: this.#typeOf(params, result), body: body.finish() });
    // Imports come first in the index space, and all are known only at the end.
    const index = (): number => position + this.#imports.length;
    if (signature.exported) this.#exports.push({ name, kind: 0, index });
    return { name, params, result, index };
  }

  /** A mutable number of the module's own. */
  global<T extends ValueType>(initial: Expression<T>): Global<T> {
    const index = this.#globals.length;
    this.#globals.push({ type: initial.type, initial });
    return {
      type: initial.type,
      emit(out) {
        out.byte(0x23);
        out.u32(index);
      },
      set: (value) => ({
        type: 'none',
        emit(out) {
          value.emit(out);
          out.byte(0x24);
          out.u32(index);
        },
      }),
    };
  }

  /** The function's place in the table, for `callIndirect`. */
  tableIndex(callee: Callable): number {
    const known = this.#table.indexOf(callee);
    return known >= 0 ? known : this.#table.push(callee) - 1;
  }

  /** Calls what stands at `place` of the table; a function of another type there traps. */
  callIndirect<P extends readonly ValueType[], R extends ValueType | 'none'>(
    signature: { readonly params: P; readonly result: R },
    place: Expression<'i32'>,
    ...given: Arguments<P>
  ): Expression<R> {
    const type = this.#typeOf(signature.params, signature.result);
    this.#callsTable = true;
    return {
      type: signature.result,
      emit(out) {
        for (const argument of given as readonly Expression<ValueType>[]) argument.emit(out);
        place.emit(out);
        out.byte(0x11);
        out.u32(type);
        out.byte(0);
      },
    };
  }

  #typeOf(params: readonly ValueType[], result: ValueType | 'none'): number {
    const key = `${params.join()}:${result}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#typeBytes.push(
      written((out) => {
        out.byte(0x60);
        out.sized(Uint8Array.from(params, (type) => valueTypeCodes[type]));
        out.sized(Uint8Array.from(result === 'none' ? [] : [valueTypeCodes[result]]));
      }),
    );
    return this.#types.push(key) - 1;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = <T>(id: number, items: readonly T[], write: (out: ByteWriter, item: T) => void): void => {
      if (items.length === 0) return;
      out.byte(id);
      out.sized(
        written((inner) => {
          inner.u32(items.length);
          for (const item of items) write(inner, item);
        }),
      );
    };
    const { imported, own } = this.#memories();
    section(1, this.#typeBytes, (o, bytes) => o.bytes(bytes));
    section(2, [...this.#functionImports(), ...imported], (o, bytes) => o.bytes(bytes));
    section(3, this.#functions, (o, f) => o.u32(f.type));
    section(4, this.#callsTable || this.#table.length > 0 ? [this.#table.length] : [], (o, size) => {
      o.bytes([0x70, 0]);
      o.u32(size);
    });
    section(5, own, (o, bytes) => o.bytes(bytes));
    section(6, this.#globals, (o, { type, initial }) => {
      o.bytes([valueTypeCodes[type], 1]);
      initial.emit(o);
      o.byte(0x0b);
    });
    section(7, this.#exports, (o, { name, kind, index }) => {
      o.text(name);
      o.byte(kind);
      o.u32(index());
    });
    section(9, this.#table.length > 0 ? [this.#table] : [], (o, callees) => {
      o.bytes([0, 0x41, 0, 0x0b]);
      o.u32(callees.length);
      for (const callee of callees) o.u32(callee.index());
    });
    section(10, this.#functions, (o, f) => o.sized(f.body));
    this.#writeNames(out);
    return out.finish();
  }

  #functionImports(): readonly Uint8Array[] {
    return this.#imports.map(({ module, name, type }) =>
      written((o) => {
        o.text(module);
        o.text(name);
        o.byte(0);
        o.u32(type);
      }),
    );
  }

  #memories(): { imported: readonly Uint8Array[]; own: readonly Uint8Array[] } {
    if (this.#memory === undefined) return { imported: [], own: [] };
    const { limits, from } = this.#memory;
    const bytes = written((o) => {
      o.byte((limits.maximum === undefined ? 0 : 1) | (limits.shared ? 2 : 0));
      o.u32(limits.minimum);
      if (limits.maximum !== undefined) o.u32(limits.maximum);
    });
    if (from === undefined) return { imported: [], own: [bytes] };
    const entry = written((o) => {
      o.text(from[0]);
      o.text(from[1]);
      o.byte(2);
      o.bytes(bytes);
    });
    return { imported: [entry], own: [] };
  }

  /** Names of functions, so that a profile and a disassembly say which kernel it is. */
  #writeNames(out: ByteWriter): void {
    const names = [...this.#imports.map((i) => i.name), ...this.#functions.map((f) => f.name)];
    if (names.length === 0) return;
    out.byte(0);
    out.sized(
      written((section) => {
        section.text('name');
        section.byte(1);
        section.sized(
          written((map) => {
            map.u32(names.length);
            for (const [i, name] of names.entries()) {
              map.u32(i);
              map.text(name);
            }
          }),
        );
      }),
    );
  }
}
