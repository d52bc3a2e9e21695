/** Elements of one type as elements of another: what ONNX leaves open is as WebAssembly's saturating conversions have it. */
import type { Expression, Local } from '../../wasm/index.ts';
import { f32, i32, ops } from '../../wasm/index.ts';
import type { Kernel } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups } from './rows.ts';

const { f32: S, i32: I, i64: L } = ops;

const fields = {
  ...elementFields,
} as const;

export type CastKernel = Kernel<typeof fields>;
type At = Local<'i32'>;

function cast(name: string, convert: (source: At, target: At) => Expression<'none'>): CastKernel {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        inGroups(f, p.count, [1], () => {
          f.do(convert(source, target));
          advance(f, source, p.sourceStep);
          advance(f, target, p.targetStep);
        });
      });
    },
  });
}

/** Cut, saturated at the ends of 64 bits; NaN is 0. */
export const floatsToLongs = cast('floats-to-longs', (source, target) =>
  L.store(target, L.trunc_sat_f32_s(S.load(source))),
);
export const longsToFloats = cast('longs-to-floats', (source, target) =>
  S.store(target, S.convert_i64_s(L.load(source))),
);
/** Saturated at the ends of 32 bits, of which the lowest eight stay. */
export const floatsToBytes = cast('floats-to-bytes', (source, target) =>
  I.store8(target, I.trunc_sat_f32_s(S.load(source))),
);
export const floatsToBools = cast('floats-to-bools', (source, target) =>
  I.store8(target, S.ne(S.load(source), f32(0))),
);
export const bytesToFloats = cast('bytes-to-floats', (source, target) =>
  S.store(target, S.convert_i32_s(I.load8_u(source))),
);
export const bytesToLongs = cast('bytes-to-longs', (source, target) =>
  L.store(target, L.extend_i32_u(I.load8_u(source))),
);
export const bytesToBools = cast('bytes-to-bools', (source, target) =>
  I.store8(target, I.ne(I.load8_u(source), i32(0))),
);
export const longsToBytes = cast('longs-to-bytes', (source, target) =>
  I.store8(target, I.wrap_i64(L.load(source))),
);
export const longsToBools = cast('longs-to-bools', (source, target) =>
  I.store8(target, I.eqz(L.eqz(L.load(source)))),
);
