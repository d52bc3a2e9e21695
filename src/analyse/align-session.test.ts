import { describe, expect, test } from 'vitest';
import type { Session, SessionPort } from '../engines/engine.ts';
import { Tensor } from '../ir/index.ts';
import { alignSession } from './align-session.ts';

const port = (name: string, shape: SessionPort['shape'], dtype: SessionPort['dtype'] = 'float32') => ({
  name,
  dtype,
  shape,
});

/** Gives back its inputs in order, under the names of its outputs. */
function echo(inputs: readonly SessionPort[], outputs: readonly SessionPort[]): Session {
  return {
    inputs,
    outputs,
    run: async (feeds) => Object.fromEntries(outputs.map((o, i) => [o.name, feeds[inputs[i]!.name]!])),
    dispose: async () => undefined,
  };
}

const [a, b] = [Tensor.from('float32', [1], [1]), Tensor.from('float32', [1], [2])];

describe('two models with one interface', () => {
  test('by name, whatever the order', async () => {
    const reference = echo([port('p', [1]), port('q', [1])], [port('r', [1]), port('s', [1])]);
    const other = echo([port('q', [1]), port('p', [1])], [port('s', [1]), port('r', [1])]);
    const results = await alignSession(other, reference).run({ p: a, q: b });
    expect(results).toEqual({ r: a, s: b });
  });

  test('by position where a name is missing', async () => {
    const reference = echo([port('p', [1]), port('q', [1])], [port('r', [1]), port('s', [1])]);
    const other = echo([port('x', [1]), port('y', [1])], [port('u', [1]), port('v', [1])]);
    expect(await alignSession(other, reference).run({ p: a, q: b })).toEqual({ r: a, s: b });
  });

  test('sizes only one of them knows agree', () => {
    expect(() => alignSession(echo([port('x', ['N', 4])], []), echo([port('x', [1, 4])], []))).not.toThrow();
  });

  test.each([
    ['numbers of inputs', [port('x', [1]), port('y', [1])], [port('x', [1])], /2 inputs, the other model 1/],
    ['types', [port('x', [1])], [port('x', [1], 'uint8')], /'x' is float32 in the reference and uint8/],
    ['sizes', [port('x', [1, 3])], [port('x', [1, 4])], /\[1, 3\] in the reference and \[1, 4\]/],
  ])('%s that contradict each other', (_, mine, theirs, said) => {
    expect(() => alignSession(echo(theirs, []), echo(mine, []))).toThrow(said);
  });
});
