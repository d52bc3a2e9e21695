/**
 * Rows of views: what kernels of any strides have in common. A call's units are the rows, numbered through up to four outer
 * axes; the innermost axis is the kernel's own. Views of more axes take several calls.
 */
import type { Expression, FunctionBody, Local } from '../../wasm/index.ts';
import { i32, ops, select } from '../../wasm/index.ts';
import type { Fields, KernelBody } from './kernel.ts';

const { i32: I } = ops;

/** Axes around a row, outermost first: of sizes any, size1, size2, size3. */
export const outerAxes = 4;

/** For every pointer p its address `p` and its strides in bytes `p0` to `p3`. */
export type RowFields<P extends string> = {
  readonly [K in 'size1' | 'size2' | 'size3' | P | `${P}${0 | 1 | 2 | 3}`]: 'i32';
};

export function rowFields<const P extends string>(...pointers: readonly P[]): RowFields<P> {
  const names = [
    'size1',
    'size2',
    'size3',
    ...pointers.flatMap((p) => [p, ...[0, 1, 2, 3].map((axis) => `${p}${axis}`)]),
  ];
  return Object.fromEntries(names.map((name) => [name, 'i32'])) as RowFields<P>;
}

/** Rows of `count` elements, each made of one of the source: steps in bytes. */
export const elementFields = {
  ...rowFields('source', 'target'),
  count: 'i32',
  sourceStep: 'i32',
  targetStep: 'i32',
} as const;

/** Emits `row` in a loop over the units; the pointers it is given stand at the row's start, and it must not set them. */
export function eachRow<P extends string>(
  { f, p, from, to }: KernelBody<Fields>,
  pointers: readonly P[],
  row: (at: { readonly [K in P]: Local<'i32'> }) => void,
): void {
  const field = (name: string): Local<'i32'> => p[name] as Local<'i32'>;
  const sizes = ['size1', 'size2', 'size3'].map(field);
  const index = startOf(f, from, sizes);
  const at = {} as Record<P, Local<'i32'>>;
  const steps: Record<string, readonly Local<'i32'>[]> = {};
  for (const name of pointers) {
    const strides = [0, 1, 2, 3].map((axis) => field(`${name}${axis}`));
    at[name] = f.let(
      strides.reduce<Expression<'i32'>>((sum, s, a) => I.add(sum, I.mul(index[a]!, s)), field(name)),
    );
    // Beyond the end of an axis: back to its start, and one along the next.
    steps[name] = strides.map((s, a) =>
      a === outerAxes - 1 ? s : f.let(I.sub(s, I.mul(sizes[a]!, strides[a + 1]!))),
    );
  }
  f.while(I.lt_s(from, to), () => {
    row(at);
    f.set(from, I.add(from, i32(1)));
    const advance = (axis: number): void => {
      f.set(index[axis]!, I.add(index[axis]!, i32(1)));
      for (const name of pointers) f.set(at[name], I.add(at[name], steps[name]![axis]!));
      if (axis === 0) return;
      f.if(I.eq(index[axis]!, sizes[axis - 1]!), () => {
        f.set(index[axis]!, i32(0));
        advance(axis - 1);
      });
    };
    advance(outerAxes - 1);
  });
}

/** The first unit as places along the axes. */
function startOf(
  f: FunctionBody,
  from: Local<'i32'>,
  sizes: readonly Local<'i32'>[],
): readonly Local<'i32'>[] {
  const rest = f.let(from);
  const index = f.locals('i32', outerAxes);
  for (let axis = outerAxes - 1; axis > 0; axis--) {
    f.set(index[axis]!, I.rem_u(rest, sizes[axis - 1]!));
    f.set(rest, I.div_u(rest, sizes[axis - 1]!));
  }
  f.set(index[0]!, rest);
  return index;
}

/** Emits `body` for `count` elements in groups: `body(n)` does n of them and moves its own pointers on. */
export function inGroups(
  f: FunctionBody,
  count: Expression<'i32'>,
  groups: readonly number[],
  body: (n: number) => void,
): void {
  const left = f.let(count);
  for (const n of groups)
    f.while(n === 1 ? left : I.ge_s(left, i32(n)), () => {
      body(n);
      f.set(left, I.sub(left, i32(n)));
    });
}

/** pointer += bytes */
export function advance(f: FunctionBody, pointer: Local<'i32'>, bytes: Expression<'i32'> | number): void {
  f.set(pointer, I.add(pointer, typeof bytes === 'number' ? i32(bytes) : bytes));
}

/**
 * Emits `body` for blocks of `side` elements of an axis that has at least as many: where the size is no multiple, the last block
 * overlaps the one before, and both write the same.
 */
export function overlappingBlocks(
  f: FunctionBody,
  size: Local<'i32'>,
  side: number,
  body: (start: Local<'i32'>) => void,
): void {
  const [next, start] = f.locals('i32', 2) as readonly [Local<'i32'>, Local<'i32'>];
  const last = f.let(I.sub(size, i32(side)));
  f.for(
    next,
    i32(0),
    size,
    () => {
      f.set(start, select(next, last, I.lt_s(next, last)));
      body(start);
    },
    side,
  );
}
