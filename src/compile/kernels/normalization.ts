/** Normalizations of float32 rows by their own mean and variance, and by given ones. In doubles, rounded once. */
import type { Local } from '../../wasm/index.ts';
import { f64, ops, select } from '../../wasm/index.ts';
import { sumOf } from './float-groups.ts';
import type { Real, RealLocal } from './functions/real-function.ts';
import type { KernelBody } from './kernel.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, elementFields, inGroups, rowFields } from './rows.ts';

const { f32: S, f64: D, i32: I } = ops;

const fields = {
  epsilon: 'f64',
  ...rowFields('source', 'target', 'scale', 'shift'),
  count: 'i32',
  sourceStep: 'i32',
  targetStep: 'i32',
  /** So many neighbours have a scale and a shift in common; count is a multiple. */
  run: 'i32',
  scaleStep: 'i32',
  shiftStep: 'i32',
  /** 0: nothing is added. */
  shifts: 'i32',
} as const;

type Body = KernelBody<typeof fields>;
type Normalize = (x: RealLocal) => Real;

/** `prepare` makes of a row what turns its elements. */
function normalization(name: string, prepare: (body: Body, source: Local<'i32'>) => Normalize) {
  return kernel({
    name,
    fields,
    emit(body) {
      const { f, p } = body;
      const x = f.local('f64');
      eachRow(body, ['source', 'target', 'scale', 'shift'], (at) => {
        const normalize = prepare(body, at.source);
        const [source, target] = [f.let(at.source), f.let(at.target)];
        const [scale, shift] = [f.let(at.scale), f.let(at.shift)];
        inGroups(f, I.div_u(p.count, p.run), [1], () => {
          const factor = f.let(D.promote_f32(S.load(scale)));
          const added = f.let(D.promote_f32(S.load(shift)));
          inGroups(f, p.run, [1], () => {
            f.set(x, D.promote_f32(S.load(source)));
            const scaled = f.let(D.mul(normalize(x), factor));
            const value = select<'f64'>(D.add(scaled, added), scaled, p.shifts);
            f.do(S.store(target, S.demote_f64(value)));
            advance(f, source, p.sourceStep);
            advance(f, target, p.targetStep);
          });
          advance(f, scale, p.scaleStep);
          advance(f, shift, p.shiftStep);
        });
      });
    },
  });
}

function momentsOf(
  { f, p }: Body,
  source: Local<'i32'>,
): { readonly mean: RealLocal; readonly variance: Real } {
  const row = { at: source, count: p.count, step: p.sourceStep };
  const count = f.let(D.convert_i32_s(p.count));
  const mean = f.let(
    D.div(
      sumOf(f, row, (x) => x),
      count,
    ),
  );
  const squares = sumOf(f, row, (x) => D.mul(D.sub(x, mean), D.sub(x, mean)));
  return { mean, variance: D.div(squares, count) };
}

/** (x - mean) * (1 / sqrt(variance + epsilon)) * scale + shift */
export const layerNormalization = normalization('layer-normalization', (body, source) => {
  const { f, p } = body;
  const { mean, variance } = momentsOf(body, source);
  const inverse = f.let(D.div(f64(1), D.sqrt(D.add(variance, p.epsilon))));
  return (x) => D.mul(D.sub(x, mean), inverse);
});

/** (x - mean) / sqrt(variance + epsilon) * scale + shift */
export const blockNormalization = normalization('block-normalization', (body, source) => {
  const { f, p } = body;
  const { mean, variance } = momentsOf(body, source);
  const deviation = f.let(D.sqrt(D.add(variance, p.epsilon)));
  return (x) => D.div(D.sub(x, mean), deviation);
});

/** x / sqrt(mean of squares + epsilon) * scale */
export const rmsNormalization = normalization('rms-normalization', ({ f, p }, source) => {
  const row = { at: source, count: p.count, step: p.sourceStep };
  const squares = sumOf(f, row, (x) => D.mul(x, x));
  const root = f.let(D.sqrt(D.add(D.div(squares, D.convert_i32_s(p.count)), p.epsilon)));
  return (x) => D.div(x, root);
});

/** (x - mean) / deviation * scale + shift: these four stand at `params` as doubles, and move with the rows. */
export const batchNormalization = kernel({
  name: 'batch-normalization',
  fields: { ...elementFields, ...rowFields('params') },
  emit(body) {
    const { f, p } = body;
    eachRow(body, ['source', 'target', 'params'], (at) => {
      const [mean, deviation, scale, shift] = [0, 8, 16, 24].map((offset) =>
        f.let(D.load(at.params, offset)),
      );
      const [source, target] = [f.let(at.source), f.let(at.target)];
      inGroups(f, p.count, [1], () => {
        const x = D.promote_f32(S.load(source));
        const scaled = D.mul(D.div(D.sub(x, mean!), deviation!), scale!);
        f.do(S.store(target, S.demote_f64(D.add(scaled, shift!))));
        advance(f, source, p.sourceStep);
        advance(f, target, p.targetStep);
      });
    });
  },
});
