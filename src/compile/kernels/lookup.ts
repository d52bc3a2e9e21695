/** Any function of one code: its 256 results stand in a table. */
import type { Expression, Local } from '../../wasm/index.ts';
import { i32, ops } from '../../wasm/index.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups } from './rows.ts';

const { i32: I } = ops;

const fields = {
  ...elementFields,
  table: 'i32',
} as const;

function lookup(
  name: string,
  move: (target: Local<'i32'>, table: Local<'i32'>, code: Expression<'i32'>, i: number) => Expression<'none'>,
  resultBytes: number,
): ReturnType<typeof kernel<typeof fields>> {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      eachRow(body, ['source', 'target'], (at) => {
        const [source, target] = [f.let(at.source), f.let(at.target)];
        const together = I.and(I.eq(p.sourceStep, i32(1)), I.eq(p.targetStep, i32(resultBytes)));
        f.if(
          together,
          () =>
            inGroups(f, p.count, [8, 1], (n) => {
              for (let i = 0; i < n; i++) f.do(move(target, p.table, I.load8_u(source, i), i));
              advance(f, source, n);
              advance(f, target, n * resultBytes);
            }),
          () =>
            inGroups(f, p.count, [4, 1], (n) => {
              for (let i = 0; i < n; i++) {
                f.do(move(target, p.table, I.load8_u(source), 0));
                advance(f, source, p.sourceStep);
                advance(f, target, p.targetStep);
              }
            }),
        );
      });
    },
  });
}

/** u8 to u8: `table` holds 256 bytes. */
export const lookupBytes = lookup(
  'lookup-bytes',
  (target, table, code, i) => I.store8(target, I.load8_u(I.add(table, code)), i),
  1,
);

/** u8 to f32 (or any word): `table` holds 256 words. */
export const lookupWords = lookup(
  'lookup-words',
  (target, table, code, i) => I.store(target, I.load(I.add(table, I.shl(code, i32(2)))), 4 * i),
  4,
);
