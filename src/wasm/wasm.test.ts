// Emitted modules are validated by wabt, run, and read back as text; every instruction of the table is emitted once.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { validated } from '../../test/support/validated-module.ts';
import { ByteWriter, written } from './bytes.ts';
import type { Expression, ValueType } from './expression.ts';
import {
  call,
  disassemble,
  f32,
  f64,
  i16x8,
  i32,
  i64,
  ModuleBuilder,
  ops,
  select,
  tee,
  v128,
} from './index.ts';
import type { InstructionName } from './instructions.ts';
import { instructions } from './instructions.ts';
import { ModuleReader } from './module-reader.ts';

const instantiate = async (module: ModuleBuilder): Promise<Record<string, (...given: never[]) => number>> => {
  const bytes = await validated(module.finish());
  const { instance } = (await WebAssembly.instantiate(bytes)) as unknown as {
    instance: { exports: Record<string, (...given: never[]) => number> };
  };
  return instance.exports;
};

test('integers read back as written', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 32 - 1), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (u, s) => {
      const bytes = written((out) => {
        out.u32(u);
        out.signed(s);
      });
      const reader = new ModuleReader(bytes);
      return reader.u32() === u && reader.signed() === s && reader.done;
    }),
  );
  expect(() => new ByteWriter().u32(-1)).toThrow(RangeError);
  expect(() => new ByteWriter().u32(2 ** 32)).toThrow(RangeError);
});

test('a loop, a branch, a call', async () => {
  const module = new ModuleBuilder();
  const square = module.function('square', { params: ['i32'], result: 'i32' }, (f, x) => {
    f.return(ops.i32.mul(x, x));
    f.trap();
  });
  module.function('sumOfSquares', { params: ['i32'], result: 'i32', exported: true }, (f, n) => {
    const sum = f.local('i32');
    const i = f.local('i32');
    f.for(i, i32(0), n, () => f.set(sum, ops.i32.add(sum, call(square, i))));
    f.if(ops.i32.gt_s(sum, i32(100)), () => f.return(i32(-1)));
    f.return(sum);
    f.trap();
  });
  const { sumOfSquares } = await instantiate(module);
  const run = sumOfSquares as unknown as (n: number) => number;
  expect([run(0), run(4), run(7), run(8)]).toEqual([0, 14, 91, -1]);
});

test('labels of nested blocks, tee, select and doWhile go where they should', async () => {
  const module = new ModuleBuilder();
  module.function('collatz', { params: ['i32'], result: 'i32', exported: true }, (f, n) => {
    const steps = f.local('i32');
    f.block((exit) => {
      f.branchIf(exit, ops.i32.le_s(n, i32(1)));
      f.loop((again) => {
        f.block((_) => {
          const odd = ops.i32.and(n, i32(1));
          const up = ops.i32.add(ops.i32.mul(n, i32(3)), i32(1));
          f.set(n, select(up, ops.i32.shr_s(n, i32(1)), odd));
        });
        f.set(steps, ops.i32.add(steps, i32(1)));
        f.branchIf(exit, ops.i32.eq(n, i32(1)));
        f.branch(again);
      });
    });
    f.doWhile(
      () => f.set(steps, ops.i32.add(steps, i32(1))),
      () => ops.i32.lt_s(tee(n, ops.i32.add(n, i32(1))), i32(3)),
    );
    f.return(steps);
    f.trap();
  });
  const { collatz } = await instantiate(module);
  // 6 3 10 5 16 8 4 2 1: eight steps, and two rounds of the last loop (n = 1 -> 2 -> 3).
  expect((collatz as unknown as (n: number) => number)(6)).toBe(10);
});

test('memory, globals, imports and the table', async () => {
  const module = new ModuleBuilder();
  module.memory({ minimum: 1, maximum: 2 });
  module.exportMemory('memory');
  const twice = module.importFunction('env', 'twice', { params: ['i32'], result: 'i32' } as const);
  const total = module.global(i32(5));
  const add = module.function('add', { params: ['i32'], result: 'none' }, (f, x) => {
    f.do(total.set(ops.i32.add(total, call(twice, x))));
  });
  const clear = module.function('clear', { params: ['i32'], result: 'none' }, (f) => f.do(total.set(i32(0))));
  const places = [module.tableIndex(add), module.tableIndex(clear), module.tableIndex(add)];
  module.function('run', { params: ['i32', 'i32'], result: 'i32', exported: true }, (f, place, x) => {
    f.do(module.callIndirect({ params: ['i32'], result: 'none' } as const, place, x));
    f.do(ops.v128.store(i32(16), i16x8(-2), 16));
    f.return(ops.i32.add(total, ops.i32.load16_s(i32(40))));
    f.trap();
  });
  expect(places).toEqual([0, 1, 0]);
  const bytes = await validated(module.finish());
  const { instance } = (await WebAssembly.instantiate(bytes, {
    env: { twice: (x: number) => 2 * x },
  })) as unknown as { instance: { exports: { run(place: number, x: number): number } } };
  const { run } = instance.exports;
  expect([run(0, 4), run(0, 1), run(1, 9)]).toEqual([11, 13, -2]);
  expect(() => run(7, 0)).toThrow(WebAssembly.RuntimeError);
});

const samples: Readonly<Record<string, Expression<ValueType>>> = {
  i: i32(-3),
  l: i64(-(2n ** 40n)),
  f: f32(0.1),
  d: f64(0.1),
  v: v128(Uint8Array.from({ length: 16 }, (_, i) => i)),
};

test('every instruction of the table is valid, and reads back by its name', async () => {
  const module = new ModuleBuilder();
  module.memory({ minimum: 1, maximum: 1, shared: true }, ['env', 'memory']);
  const names = Object.keys(instructions) as InstructionName[];
  for (const name of names) {
    const [, signature, immediate] = instructions[name] as readonly [number, string, string?];
    const [params, result] = signature.split(':') as [string, string];
    const operands = [...params].map((letter) => samples[letter]);
    const immediates = { memory: [4], lane: [1], 'memory-lane': [1, 4], shuffle: [[...Array(16).keys()]] };
    const [group, member] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)];
    const emitters = ops as unknown as Record<string, Record<string, (...a: unknown[]) => Expression<never>>>;
    const rest = immediates[immediate as keyof typeof immediates] ?? [];
    module.function(name, { params: [], result: 'none' }, (f) => {
      const expression = emitters[group]![member]!(...operands, ...rest) as Expression<ValueType | 'none'>;
      if (result === '') f.do(expression as Expression<'none'>);
      else f.drop(expression as Expression<ValueType>);
    });
  }
  const bytes = await validated(module.finish());
  const text = disassemble(bytes);
  for (const name of names)
    expect(text).toMatch(
      new RegExp(
        `(^|\\n)${name.replace('.', '\\.')}:(\\n  +[^\\n]*)*\\n  ${name.replace('.', '\\.')}( |\\n)`,
      ),
    );
  expect(disassemble(bytes, { only: 'i32.add' })).toBe(
    'i32.add:\n  i32.const -3\n  i32.const -3\n  i32.add\n  drop\n',
  );
});

test('wrong types do not pass', () => {
  const untyped = ops as unknown as Record<string, Record<string, (...a: unknown[]) => unknown>>;
  expect(() => untyped.i32!.add!(i32(1), f32(1))).toThrow('operand 1 is f32, not i32');
  expect(() => untyped.f32x4!.add!(samples.v)).toThrow('operand 1 is missing');
  expect(() => ops.i32x4.extract_lane(samples.v as Expression<'v128'>, 4)).toThrow('no lane 4');
  expect(() => ops.i8x16.shuffle(i16x8(1), i16x8(1), [1, 2])).toThrow('sixteen lanes');
});

test('the disassembler refuses what is no module', () => {
  const module = new ModuleBuilder();
  module.function('one', { params: [], result: 'i32', exported: true }, (f) => {
    f.return(i32(1));
    f.trap();
  });
  const bytes = module.finish();
  expect(() => disassemble(new Uint8Array(9))).toThrow('does not begin as a module');
  for (let length = 9; length < bytes.length; length++)
    try {
      disassemble(bytes.slice(0, length));
    } catch (error) {
      expect(error).toMatchObject({ code: 'FORMAT' });
    }
});
