/** Softmax and LogSoftmax of float32 rows: e^(x - max), its sum and their quotient in doubles, rounded once. */
import type { FunctionBody, Local } from '../../wasm/index.ts';
import { f64, i32, ops } from '../../wasm/index.ts';
import { chosenOf, eachElement, larger, sumOf } from './float-groups.ts';
import { exp } from './functions/exp.ts';
import { ln } from './functions/ln.ts';
import type { Real, RealLocal } from './functions/real-function.ts';
import { realCalls } from './functions/real-function.ts';
import { kernel } from './kernel.ts';
import { advance, eachRow, rowFields } from './rows.ts';

const { f32: S, f64: D, i32: I } = ops;

const fields = {
  ...rowFields('source', 'target'),
  count: 'i32',
  sourceStep: 'i32',
  targetStep: 'i32',
} as const;

interface Storing {
  readonly target: Local<'i32'>;
  readonly step: Local<'i32'>;
}

function store(f: FunctionBody, { target, step }: Storing, value: Real): void {
  f.do(S.store(target, S.demote_f64(value)));
  advance(f, target, step);
}

/** The powers are kept as doubles between the passes, a row of `count` for each unit from `powers` on. */
export const softmax = kernel({
  name: 'softmax',
  fields: { ...fields, powers: 'i32' },
  emit(body) {
    const { f, p, from } = body;
    const callReal = realCalls(body.shared);
    const rowBytes = f.let(I.shl(p.count, i32(3)));
    eachRow(body, ['source', 'target'], (at) => {
      const row = { at: at.source, count: p.count, step: p.sourceStep };
      const max = chosenOf(f, row, larger);
      const power = f.let(I.add(p.powers, I.mul(from, rowBytes)));
      const sum = f.let<'f64'>(f64(0));
      eachElement(f, row, (x) => {
        const e = f.let(callReal(exp, D.sub(x, max)));
        f.do(D.store(power, e));
        advance(f, power, 8);
        f.set(sum, D.add(sum, e));
      });
      f.set(power, I.sub(power, rowBytes));
      const storing = { target: f.let(at.target), step: p.targetStep };
      eachElement(f, row, () => {
        store(f, storing, D.div(D.load(power), sum));
        advance(f, power, 8);
      });
    });
  },
});

/** x - max - ln(sum of e^(x - max)) */
export const logSoftmax = kernel({
  name: 'log-softmax',
  fields,
  emit(body) {
    const { f, p } = body;
    const callReal = realCalls(body.shared);
    eachRow(body, ['source', 'target'], (at) => {
      const row = { at: at.source, count: p.count, step: p.sourceStep };
      const max = chosenOf(f, row, larger);
      const sum = sumOf(f, row, (x: RealLocal) => callReal(exp, D.sub(x, max)));
      const log = f.let(callReal(ln, sum));
      const storing = { target: f.let(at.target), step: p.targetStep };
      eachElement(f, row, (x) => store(f, storing, D.sub(D.sub(x, max), log)));
    });
  },
});
