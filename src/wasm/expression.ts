/**
 * Expressions: what an instruction leaves on the stack, with its type, so that an i32 where a v128 belongs does not
 * compile. `ops.i32x4.add(a, b)` is an expression; it is emitted where a statement of a function uses it.
 */
import type { ByteWriter } from './bytes.ts';
import type { Immediate, InstructionName } from './instructions.ts';
import { instructions } from './instructions.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** What emits `type`; `none` leaves nothing, which makes it a statement. */
export interface Expression<T extends ValueType | 'none'> {
  readonly type: T;
  readonly emit: (out: ByteWriter) => void;
}

type TypeOf<L> = L extends 'i'
  ? 'i32'
  : L extends 'l'
    ? 'i64'
    : L extends 'f'
      ? 'f32'
      : L extends 'd'
        ? 'f64'
        : L extends 'v'
          ? 'v128'
          : 'none';

type Operands<S> = S extends `${infer L}${infer Rest}` ? [Expression<TypeOf<L>>, ...Operands<Rest>] : [];

/** Lanes of `i8x16.shuffle`: 0 to 15 of the first operand, 16 to 31 of the second. */
export type Lanes = readonly number[];

/** What follows the operands. Offsets are in bytes and default to 0. */
type Immediates<I> = I extends 'memory'
  ? [offset?: number]
  : I extends 'lane'
    ? [lane: number]
    : I extends 'memory-lane'
      ? [lane: number, offset?: number]
      : I extends 'shuffle'
        ? [lanes: Lanes]
        : [];

type Emitter<R> = R extends readonly [
  number,
  `${infer In}:${infer Out}`,
  infer I extends Immediate,
  ...unknown[],
]
  ? (...operands: [...Operands<In>, ...Immediates<I>]) => Expression<TypeOf<Out>>
  : R extends readonly [number, `${infer In}:${infer Out}`]
    ? (...operands: Operands<In>) => Expression<TypeOf<Out>>
    : never;

type Prefix<N> = N extends `${infer P}.${string}` ? P : never;
type Emitters = {
  readonly [P in Prefix<InstructionName>]: {
    readonly [N in InstructionName as N extends `${P}.${infer M}` ? M : never]: Emitter<
      (typeof instructions)[N]
    >;
  };
};

/** Every instruction of the table: `ops.i32.add(a, b)`, `ops.v128.load(address, offsetBytes)`. */
export const ops: Emitters = emitters();

const typeNames = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' } as const;

function emitters(): Emitters {
  const all: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(instructions) as InstructionName[]) {
    const dot = name.indexOf('.');
    const group = name.slice(0, dot);
    all[group] = {
      ...all[group],
      [name.slice(dot + 1)]: (...given: unknown[]) => instruction(name, given),
    };
  }
  return all as unknown as Emitters;
}

function instruction(name: InstructionName, given: readonly unknown[]): Expression<ValueType | 'none'> {
  const [code, signature, immediate, align] = instructions[name] as readonly [
    number,
    string,
    Immediate?,
    number?,
  ];
  const [params, result] = signature.split(':') as [string, string];
  const operands = given.slice(0, params.length) as Expression<ValueType>[];
  const rest = given.slice(params.length);
  const expected = [...params].map((letter) => typeNames[letter as keyof typeof typeNames]);
  for (const [i, type] of expected.entries())
    if (operands[i]?.type !== type)
      throw new TypeError(`${name}: operand ${i} is ${operands[i]?.type ?? 'missing'}, not ${type}`);
  const write = immediateWriter(name, immediate, align ?? 0, rest);
  return {
    type: result === '' ? 'none' : typeNames[result as keyof typeof typeNames],
    emit(out) {
      for (const operand of operands) operand.emit(out);
      writeCode(out, code);
      write(out);
    },
  };
}

function writeCode(out: ByteWriter, code: number): void {
  if (code > 0xff) {
    out.byte(code >>> 16);
    out.u32(code & 0xffff);
  } else out.byte(code);
}

function immediateWriter(
  name: InstructionName,
  immediate: Immediate | undefined,
  align: number,
  given: readonly unknown[],
): (out: ByteWriter) => void {
  const memory = (out: ByteWriter, offset: unknown): void => {
    out.u32(align);
    out.u32((offset as number | undefined) ?? 0);
  };
  switch (immediate) {
    case undefined:
      return () => {};
    case 'memory':
      return (out) => memory(out, given[0]);
    case 'lane': {
      const lane = laneOf(name, given[0]);
      return (out) => out.byte(lane);
    }
    case 'memory-lane': {
      const lane = laneOf(name, given[0]);
      return (out) => {
        memory(out, given[1]);
        out.byte(lane);
      };
    }
    case 'shuffle': {
      const lanes = shuffleLanes(given[0] as Lanes);
      return (out) => out.bytes(lanes);
    }
    case 'index':
      return (out) => out.byte(0);
    case 'index2':
      return (out) => out.bytes([0, 0]);
  }
}

/** Lanes by the shape of the name: i8x16 has 16; v128.load32_lane has 4. */
function laneOf(name: string, lane: unknown): number {
  const lanes = Number(/x(\d+)\./.exec(name)?.[1] ?? 128 / Number(/(\d+)_lane/.exec(name)?.[1]));
  if (!Number.isInteger(lane) || (lane as number) < 0 || (lane as number) >= lanes)
    throw new RangeError(`${name}: there is no lane ${lane}`);
  return lane as number;
}

function shuffleLanes(lanes: Lanes): Lanes {
  if (lanes.length !== 16 || lanes.some((l) => !Number.isInteger(l) || l < 0 || l > 31))
    throw new RangeError(`shuffle: [${lanes.join(',')}] are not sixteen lanes of 0 to 31`);
  return lanes;
}

export function i32(value: number): Expression<'i32'> {
  return {
    type: 'i32',
    emit(out) {
      out.byte(0x41);
      out.signed(BigInt(value | 0));
    },
  };
}

export function i64(value: bigint): Expression<'i64'> {
  return {
    type: 'i64',
    emit(out) {
      out.byte(0x42);
      out.signed(BigInt.asIntN(64, value));
    },
  };
}

/** Rounded to float32. */
export function f32(value: number): Expression<'f32'> {
  return {
    type: 'f32',
    emit(out) {
      out.byte(0x43);
      out.bytes(new Uint8Array(Float32Array.of(value).buffer));
    },
  };
}

export function f64(value: number): Expression<'f64'> {
  return {
    type: 'f64',
    emit(out) {
      out.byte(0x44);
      out.bytes(new Uint8Array(Float64Array.of(value).buffer));
    },
  };
}

/** Sixteen bytes. */
export function v128(bytes: Uint8Array): Expression<'v128'> {
  if (bytes.length !== 16) throw new RangeError(`a v128 has 16 bytes, not ${bytes.length}`);
  return {
    type: 'v128',
    emit(out) {
      writeCode(out, 0xfd000c);
      out.bytes(bytes);
    },
  };
}

/** Four lanes, repeated from one number. */
export function f32x4(value: number): Expression<'v128'> {
  return v128(new Uint8Array(new Float32Array(4).fill(value).buffer));
}

export function f64x2(value: number): Expression<'v128'> {
  return v128(new Uint8Array(new Float64Array(2).fill(value).buffer));
}

export function i32x4(value: number): Expression<'v128'> {
  return v128(new Uint8Array(new Int32Array(4).fill(value).buffer));
}

export function i16x8(value: number): Expression<'v128'> {
  return v128(new Uint8Array(new Int16Array(8).fill(value).buffer));
}

export function i8x16(value: number): Expression<'v128'> {
  return v128(new Uint8Array(16).fill(value));
}

/** Without a branch: `yes` where the condition is not 0. Both are computed. */
export function select<T extends ValueType>(
  yes: Expression<T>,
  no: Expression<T>,
  condition: Expression<'i32'>,
): Expression<T> {
  return {
    type: yes.type,
    emit(out) {
      yes.emit(out);
      no.emit(out);
      condition.emit(out);
      if (yes.type === 'v128') {
        // The untyped form is for numbers alone.
        out.bytes([0x1c, 1, 0x7b]);
      } else out.byte(0x1b);
    },
  };
}
