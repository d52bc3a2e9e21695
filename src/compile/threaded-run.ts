/**
 * `work` of the modules for shared memory: takes pieces of calls from the list, one at a time, until the run is done. A call's
 * pieces are open when those of all calls before are done; who waits holds none. See runtime/thread-words.ts for the words.
 */
import { callBytes, threadWords, worked } from '../runtime/thread-words.ts';
import type { Expression, FunctionBody, Local, ModuleBuilder } from '../wasm/index.ts';
import { i32, i64, ops, select, tee } from '../wasm/index.ts';

const { i32: I } = ops;

/** Nanoseconds of sleep after which it is asked whether the others live. */
const longSleep = 1_000_000_000n;

const load = (word: keyof typeof threadWords): Expression<'i32'> => I['atomic.load'](i32(threadWords[word]));
const add = (word: keyof typeof threadWords, amount: number): Expression<'i32'> =>
  I['atomic.rmw.add'](i32(threadWords[word]), i32(amount));

const kernelSignature = { params: ['i32', 'i32', 'i32'], result: 'none' } as const;

/**
 * work(list, end, pieces, patience, mayWait): the list of calls, its end, pieces of a run, how often to look before waiting,
 * whether this thread may sleep. Returns one of `worked`.
 */
export function emitWork(module: ModuleBuilder): void {
  const params = ['i32', 'i32', 'i32', 'i32', 'i32'] as const;
  module.function(
    'work',
    { params, result: 'i32', exported: true },
    (f, list, end, pieces, patience, mayWait) => {
      // The call that the ticket belongs to, and the pieces before it.
      const [at, before] = [f.let(list), f.let(i32(0))];
      const left = f.let(patience);
      const [ticket, start, place, done, upTo] = f.locals('i32', 5) as Tuple5;
      f.loop((again) => {
        f.if(load('stop'), () => f.return(i32(worked.stopped)));
        f.set(ticket, load('ticket'));
        f.set(start, I.sub(load('limit'), pieces));
        f.set(place, I.sub(ticket, start));
        f.set(done, load('done'));
        f.block((wait) => {
          f.if(I.ge_u(place, pieces), () => {
            // Beyond: the ticket is of a run that has ended meanwhile.
            f.branchIf(again, I.ne(place, pieces));
            f.branchIf(wait, I.ne(done, ticket));
            f.return(i32(worked.all));
          });
          f.if(I.lt_u(place, before), () => {
            f.set(at, list);
            f.set(before, i32(0));
          });
          f.while(I.le_u(tee(upTo, I.load(at, 12)), place), () => {
            f.set(before, upTo);
            f.set(at, I.add(at, i32(callBytes)));
          });
          f.branchIf(wait, I.lt_s(I.sub(I.sub(done, start), before), i32(0)));
          const taken = I['atomic.rmw.cmpxchg'](i32(threadWords.ticket), ticket, I.add(ticket, i32(1)));
          f.branchIf(again, I.ne(taken, ticket));
          doPiece(f, module, { at, end, upTo, piece: I.sub(place, before), of: I.sub(upTo, before) });
          f.drop(add('done', 1));
          f.if(load('sleepers'), () => f.drop(ops.memory['atomic.notify'](i32(threadWords.done), i32(-1))));
          f.set(left, patience);
          f.branch(again);
        });
        f.set(left, I.sub(left, i32(1)));
        f.branchIf(again, left);
        f.set(left, i32(1));
        f.if(mayWait, () => {
          f.drop(add('sleepers', 1));
          const woken = f.let(ops.memory['atomic.wait32'](i32(threadWords.done), done, i64(longSleep)));
          f.drop(add('sleepers', -1));
          f.branchIf(again, I.ne(woken, i32(2)));
        });
      });
      f.return(i32(worked.waiting));
    },
  );
}

type Tuple5 = readonly [Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>, Local<'i32'>];

interface Piece {
  readonly at: Local<'i32'>;
  readonly end: Local<'i32'>;
  readonly upTo: Local<'i32'>;
  readonly piece: Expression<'i32'>;
  readonly of: Expression<'i32'>;
}

/** Products are done in tiles of so many units (kernels/convolution.ts): pieces of whole tiles leave none half empty. */
const tile = 6;

/** Units [from, to) of the call, pieces of nearly one size; then the calls without pieces that follow a whole one. */
function doPiece(f: FunctionBody, module: ModuleBuilder, { at, end, upTo, piece, of }: Piece): void {
  const run = (call: Expression<'i32'>, from: Expression<'i32'>, to: Expression<'i32'>): void =>
    f.do(module.callIndirect(kernelSignature, I.load(call), I.load(call, 4), from, to));
  const [count, index, units] = [f.let(of), f.let(piece), f.let(I.load(at, 8))];
  const [size, larger] = [f.let(I.div_u(units, count)), f.let(I.rem_u(units, count))];
  const grain = f.let(select(i32(tile), i32(1), I.ge_u(size, i32(2 * tile))));
  const startOf = (i: Expression<'i32'>): Local<'i32'> => {
    const start = f.let(I.add(I.mul(i, size), select(i, larger, I.lt_u(i, larger))));
    return f.let(I.sub(start, I.rem_u(start, grain)));
  };
  const next = f.let(I.add(index, i32(1)));
  run(at, startOf(index), select(units, startOf(next), I.eq(next, count)));
  f.if(I.eq(count, i32(1)), () => {
    const call = f.let(I.add(at, i32(callBytes)));
    f.block((exit) =>
      f.while(I.lt_u(call, end), () => {
        f.branchIf(exit, I.ne(I.load(call, 12), upTo));
        run(call, i32(0), I.load(call, 8));
        f.set(call, I.add(call, i32(callBytes)));
      }),
    );
  });
}
