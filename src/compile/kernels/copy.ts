/** Moving elements from one view to another: by runs of bytes that lie together in both, or one by one. */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups, rowFields } from './rows.ts';

const { i32: I, i64: L, v128: V } = ops;

/** From here on the engine's own copy is faster than a loop. */
const longRun = 1024;

/** Copies `count` bytes; the two pieces of memory do not overlap. */
export function copyRun(
  f: FunctionBody,
  source: Expression<'i32'>,
  target: Expression<'i32'>,
  count: Local<'i32'>,
): void {
  const [s, t] = [f.let(source), f.let(target)];
  // A run of 8 to 15 bytes is two longs that may overlap, and so on.
  const twoOf = (bytes: number, copy: (s: Local<'i32'>, t: Local<'i32'>) => void): void => {
    copy(s, t);
    advance(f, s, I.sub(count, i32(bytes)));
    advance(f, t, I.sub(count, i32(bytes)));
    copy(s, t);
  };
  const longs = (): void => twoOf(8, (a, b) => f.do(L.store(b, L.load(a))));
  const words = (): void => twoOf(4, (a, b) => f.do(I.store(b, I.load(a))));
  const bytes = (): void => {
    inGroups(f, count, [1], () => {
      f.do(I.store8(t, I.load8_u(s)));
      advance(f, s, 1);
      advance(f, t, 1);
    });
  };
  const vectors = (): void => {
    const end = f.let(I.add(s, I.sub(count, i32(16))));
    const shift = f.let(I.sub(t, s));
    f.while(I.lt_u(s, end), () => {
      f.do(V.store(I.add(s, shift), V.load(s)));
      advance(f, s, 16);
    });
    f.do(V.store(I.add(end, shift), V.load(end)));
  };
  f.if(
    I.ge_u(count, i32(16)),
    () => f.if(I.ge_u(count, i32(longRun)), () => f.do(ops.memory.copy(t, s, count)), vectors),
    () => f.if(I.ge_u(count, i32(8)), longs, () => f.if(I.ge_u(count, i32(4)), words, bytes)),
  );
}

/** Rows are runs of `count` bytes. */
export const copyRuns = kernel({
  name: 'copy-runs',
  fields: { ...rowFields('source', 'target'), count: 'i32' },
  emit(body) {
    eachRow(body, ['source', 'target'], ({ source, target }) =>
      copyRun(body.f, source, target, body.p.count),
    );
  },
});

const stridedFields = {
  ...elementFields,
} as const;

function strided(
  name: string,
  move: (source: Local<'i32'>, target: Local<'i32'>) => Expression<'none'>,
): ReturnType<typeof kernel<typeof stridedFields>> {
  return kernel({
    name,
    fields: stridedFields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        inGroups(f, p.count, [4, 1], (n) => {
          for (let i = 0; i < n; i++) {
            f.do(move(source, target));
            advance(f, source, p.sourceStep);
            advance(f, target, p.targetStep);
          }
        });
      });
    },
  });
}

/** Rows of `count` elements at any strides, of 1, 4 and 8 bytes. A source stride of 0 repeats. */
export const copyBytes = strided('copy-bytes', (s, t) => I.store8(t, I.load8_u(s)));
export const copyWords = strided('copy-words', (s, t) => I.store(t, I.load(s)));
export const copyLongs = strided('copy-longs', (s, t) => L.store(t, L.load(s)));
