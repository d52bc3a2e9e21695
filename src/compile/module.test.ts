// Modules of kernels: valid by a second implementation, callable one by one and by the list.
import { expect, test } from 'vitest';
import { validated } from '../../test/support/validated-module.ts';
import { i32, ops } from '../wasm/index.ts';
import { headerLayout, kernel, writeHeader } from './kernels/kernel.ts';
import { assembleModule, callBytes } from './module.ts';

const addTo = kernel({
  name: 'add-to',
  fields: { at: 'i32', factor: 'f32', wide: 'f64' },
  emit({ f, p, from, to }) {
    const place = f.let(ops.i32.add(p.at, ops.i32.shl(from, i32(2))));
    const left = f.let(ops.i32.sub(to, from));
    const amount = ops.f32.mul(p.factor, ops.f32.demote_f64(p.wide));
    f.while(left, () => {
      f.do(ops.f32.store(place, ops.f32.add(ops.f32.load(place), amount)));
      f.set(place, ops.i32.add(place, i32(4)));
      f.set(left, ops.i32.sub(left, i32(1)));
    });
  },
});

test('headers place each parameter at a multiple of its size', () => {
  expect(headerLayout(addTo.fields)).toEqual({
    placed: [
      { name: 'at', type: 'i32', offset: 0 },
      { name: 'factor', type: 'f32', offset: 4 },
      { name: 'wide', type: 'f64', offset: 8 },
    ],
    bytes: 16,
  });
  expect(() => writeHeader(addTo, { at: 1, factor: 2 })).toThrow('add-to: wide is undefined');
  expect(() => writeHeader(addTo, { at: 1.5, factor: 2, wide: 1 })).toThrow('add-to: at is 1.5');
});

test.each(['baseline', 'relaxed'] as const)(
  'the %s module is valid, also with a shared memory',
  async (variant) => {
    await validated(assembleModule([], { variant }));
    await validated(assembleModule([addTo], { variant }));
    await validated(assembleModule([addTo], { variant, sharedPages: 100 }));
  },
);

test('run walks the list; call does a part of one', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(assembleModule([addTo], { variant: 'baseline' }));
  const { exports } = new WebAssembly.Instance(module, { octavo: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(writeHeader(addTo, { at: 512, factor: 2, wide: 1.5 }), 128);
  new Int32Array(memory.buffer).set([0, 128, 3, 0, 0, 128, 2, 0], 64);
  (exports.run as (list: number, calls: number) => void)(256, 2);
  (exports.call as (...args: number[]) => void)(0, 128, 2, 4);
  expect([...new Float32Array(memory.buffer, 512, 5)]).toEqual([6, 6, 6, 3, 0]);
  expect(callBytes).toBe(16);
});
