/**
 * `begin` and `work` of the modules for shared memory: one call after the other, each done by all threads. A call's units are divided
 * into lanes. A thread takes from its own, which is the same part of every layer, so that what it reads is in its own cache; then from
 * the others', each time half of what is left there. Who hands in a call's last units does the small calls behind it and opens the
 * next one: who waits holds nothing. See runtime/thread-words.ts for the words.
 */
import { callBytes, laneBytes, lanesAt, threadWords, worked } from '../runtime/thread-words.ts';
import type { Callable, Expression, FunctionBody, Label, Local, ModuleBuilder } from '../wasm/index.ts';
import { call, i32, i64, ops, select, tee } from '../wasm/index.ts';

const { i32: I, i64: L } = ops;

const load = (word: keyof typeof threadWords): Expression<'i32'> => I['atomic.load'](i32(threadWords[word]));
const store = (word: keyof typeof threadWords, value: Expression<'i32'>): Expression<'none'> =>
  I['atomic.store'](i32(threadWords[word]), value);
/** Gives what it was. */
const add = (word: keyof typeof threadWords, amount: Expression<'i32'>): Expression<'i32'> =>
  I['atomic.rmw.add'](i32(threadWords[word]), amount);

/** A call in the list, by its address: see `callBytes`. */
const unitsOf = (at: Local<'i32'>): Expression<'i32'> => I.load(at, 8);
const grainOf = (at: Local<'i32'>): Expression<'i32'> => I.load(at, 12);

type Open = Callable<readonly ['i32', 'i32', 'i32'], 'none'>;

export function emitWork(module: ModuleBuilder): void {
  const open = emitOpen(module);
  emitBegin(module, open);
  emitTakePart(module, open);
}

function doUnits(
  module: ModuleBuilder,
  at: Local<'i32'>,
  from: Expression<'i32'>,
  to: Expression<'i32'>,
): Expression<'none'> {
  const signature = { params: ['i32', 'i32', 'i32'], result: 'none' } as const;
  return module.callIndirect(signature, I.load(at), I.load(at, 4), from, to);
}

/** open(number, at, end): does the small calls from this one on and opens the one behind them, or none where the list ends. */
function emitOpen(module: ModuleBuilder): Open {
  return module.function('open', { params: ['i32', 'i32', 'i32'], result: 'none' }, (f, number, at, end) => {
    f.block((found) => {
      f.while(I.lt_u(at, end), () => {
        f.if(grainOf(at), () => {
          f.do(store('left', unitsOf(at)));
          f.branch(found);
        });
        f.do(doUnits(module, at, i32(0), unitsOf(at)));
        f.set(at, I.add(at, i32(callBytes)));
        f.set(number, I.add(number, i32(1)));
      });
    });
    f.do(store('call', number));
    f.if(load('sleepers'), () => f.drop(ops.memory['atomic.notify'](i32(threadWords.call), i32(-1))));
  });
}

/** begin(list, end): a run. */
function emitBegin(module: ModuleBuilder, open: Open): void {
  module.function('begin', { params: ['i32', 'i32'], result: 'none', exported: true }, (f, list, end) => {
    const number = f.let(I.add(load('call'), i32(1)));
    f.do(store('first', number));
    f.do(call(open, number, list, end));
  });
}

/**
 * work(list, end, lanes, patience, lane, sleep): the list of calls, its end, how many lanes there are, how often to look before it
 * sleeps, this thread's own lane, and for how many nanoseconds it sleeps: 0 where it may not, -1 for who is no caller and waits for the
 * next run as well. Returns one of `worked`.
 */
function emitTakePart(module: ModuleBuilder, open: Open): void {
  const params = ['i32', 'i32', 'i32', 'i32', 'i32', 'i64'] as const;
  module.function(
    'work',
    { params, result: 'i32', exported: true },
    (f, list, end, lanes, patience, lane, sleep) => {
      const number = f.local('i32');
      f.loop((again) => {
        f.set(number, load('call'));
        // After `call`, which changes once more when `stop` has been set, so that who then falls asleep has seen it.
        f.if(load('stop'), () => f.return(i32(worked.stopped)));
        const place = f.let(I.sub(number, load('first')));
        f.if(
          I.lt_u(place, I.div_u(I.sub(end, list), i32(callBytes))),
          () => {
            const at = f.let(I.add(list, I.mul(place, i32(callBytes))));
            const taken = takeUnits(f, module, { number, at, lanes, lane }, again);
            f.if(taken, () => {
              f.if(I.eq(add('left', I.sub(i32(0), taken)), taken), () =>
                f.do(call(open, I.add(number, i32(1)), I.add(at, i32(callBytes)), end)),
              );
              f.branch(again);
            });
          },
          () => f.if(L.gt_s(sleep, i64(-1n)), () => f.return(i32(worked.all))),
        );
        const looks = f.let(patience);
        f.loop((look) => {
          f.branchIf(again, I.ne(load('call'), number));
          f.branchIf(look, tee(looks, I.sub(looks, i32(1))));
        });
        f.if(L.eqz(sleep), () => f.return(i32(worked.waiting)));
        f.drop(add('sleepers', i32(1)));
        const woken = f.let(ops.memory['atomic.wait32'](i32(threadWords.call), number, sleep));
        f.drop(add('sleepers', i32(-1)));
        f.branchIf(again, I.ne(woken, i32(timedOut)));
      });
      f.return(i32(worked.waiting));
    },
  );
}

/** What `memory.atomic.wait32` gives then. */
const timedOut = 2;

interface OpenCall {
  readonly number: Local<'i32'>;
  readonly at: Local<'i32'>;
  readonly lanes: Local<'i32'>;
  readonly lane: Local<'i32'>;
}

/** Does units of the call until no lane has any left, and gives how many. Goes on `again` where the call is not the open one any more. */
function takeUnits(
  f: FunctionBody,
  module: ModuleBuilder,
  { number, at, lanes, lane }: OpenCall,
  again: Label,
): Local<'i32'> {
  const done = f.let(i32(0));
  const [units, grain, from] = [f.let(unitsOf(at)), f.let(grainOf(at)), f.let(lane)];
  f.loop((search) => {
    const startOf = (l: Expression<'i32'>): Expression<'i32'> => I.div_u(I.mul(units, l), lanes);
    const start = f.let(startOf(from));
    const end = f.let(startOf(I.add(from, i32(1))));
    const address = f.let(I.add(i32(lanesAt), I.mul(from, i32(laneBytes))));
    const word = f.let(L['atomic.load'](address));
    const newer = f.let(I.sub(I.wrap_i64(L.shr_u(word, i64(32n))), number));
    f.branchIf(again, I.gt_s(newer, i32(0)));
    const first = f.let(I.add(start, select(i32(0), I.wrap_i64(word), newer)));
    f.if(I.lt_u(first, end), () => {
      const behind = f.let(halfOf(f, first, end, grain));
      const next = L.or(L.shl(L.extend_i32_u(number), i64(32n)), L.extend_i32_u(I.sub(behind, start)));
      const found = L['atomic.rmw.cmpxchg'](address, word, next);
      f.branchIf(search, I.eqz(L.eq(found, word)));
      f.do(doUnits(module, at, first, behind));
      f.set(done, I.add(done, I.sub(behind, first)));
      f.branch(search);
    });
    f.set(from, I.add(from, i32(1)));
    f.set(from, select(i32(0), from, I.eq(from, lanes)));
    f.branchIf(search, I.ne(from, lane));
  });
  return done;
}

/** The end of the first half, of whole grains; of all, if that would leave less than a grain. */
function halfOf(
  f: FunctionBody,
  first: Local<'i32'>,
  end: Local<'i32'>,
  grain: Local<'i32'>,
): Expression<'i32'> {
  const double = I.shl(grain, i32(1));
  const grains = I.div_u(I.add(I.sub(end, first), I.sub(double, i32(1))), double);
  const half = f.let(I.add(first, I.mul(grains, grain)));
  return select(end, half, I.lt_s(I.sub(end, half), grain));
}
