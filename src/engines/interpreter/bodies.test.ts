// If, Loop and Scan: bodies run as onnxruntime runs them, with captures, early ends, stacked results and axes.
import { describe, expect, test } from 'vitest';
import { engine } from '../../../test/support/one-node.ts';
import { writeOnnx } from '../../formats/onnx/index.ts';
import { Tensor } from '../../ir/index.ts';
import { parseModel } from '../../ir/text.ts';
import { interpret } from './interpret.ts';

type Feeds = Readonly<Record<string, Tensor>>;

const model = (lines: string) => parseModel(`ir 8\nopset 17\n\ngraph g {\n${lines}\n}\n`);
const bool = (value: boolean): Tensor => Tensor.from('bool', [], [value ? 1 : 0]);
const int64 = (value: number): Tensor => Tensor.from('int64', [], [value]);
const floats = (dims: readonly number[], ...values: number[]): Tensor => Tensor.from('float32', dims, values);

async function expectSame(lines: string, feeds: Feeds): Promise<void> {
  const run = model(lines);
  const session = await engine.load(writeOnnx(run), { optimization: 'none' });
  try {
    const theirs = await session.run(feeds);
    const ours = interpret(run, feeds);
    for (const { name } of run.graph.outputs) {
      const [mine, other] = [ours[name]!, theirs[name]!];
      expect([name, mine.dtype, mine.dims, mine.toNumbers()]).toEqual([
        name,
        other.dtype,
        other.dims,
        other.toNumbers(),
      ]);
    }
  } finally {
    await session.dispose();
  }
}

test.each([true, false])('If of %s takes its branch, which sees the values around', async (condition) => {
  const lines = `
  input c: bool[]
  input x: float32[2]
  h: float32[2] = Add(x, x)
  y: float32[2] = If(c) {then_branch = graph t {
    a: float32[2] = Add(h, x)
    output a: float32[2]
  }, else_branch = graph e {
    b: float32[2] = Neg(h)
    output b: float32[2]
  }}
  output y: float32[2]`;
  await expectSame(lines, { c: bool(condition), x: floats([2], 1, 2) });
});

const loop = (inputs: string) => `
  input m: int64[]
  input c: bool[]
  input x: float32[2]
  const limit: float32[] = [20]
  last: float32[2], sums: float32[3, 2], steps: int64[3] = Loop(${inputs}, x) {body = graph body {
    input i: int64[]
    input go: bool[]
    input s: float32[2]
    next: float32[2] = Add(s, x)
    copy: float32[2] = Identity(next)
    step: int64[] = Identity(i)
    sum: float32[] = ReduceSum(next) {keepdims = 0}
    more: bool[] = Less(sum, limit)
    output more: bool[]
    output next: float32[2]
    output copy: float32[2]
    output step: int64[]
  }}
  output last: float32[N]
  output sums: float32[M, N]
  output steps: int64[M]`;

describe('Loop', () => {
  const feeds = (most: number, go: boolean, x: number): Feeds => ({
    m: int64(most),
    c: bool(go),
    x: floats([2], x, x),
  });

  test('as often as it is told', () => expectSame(loop('m, c'), feeds(3, true, 1)));
  test('until its condition fails', () => expectSame(loop('m, c'), feeds(100, true, 3)));
  test('not at all, by count or condition', async () => {
    await expectSame(loop('m, c'), feeds(0, true, 1));
    await expectSame(loop('m, c'), feeds(3, false, 1));
  });

  test('one without end ends', () => {
    const endless = model(`
  input x: float32[]
  y: float32[] = Loop("", "", x) {body = graph body {
    input i: int64[]
    input go: bool[]
    input s: float32[]
    on: bool[] = Identity(go)
    t: float32[] = Identity(s)
    output on: bool[]
    output t: float32[]
  }}
  output y: float32[]`);
    expect(() => interpret(endless, { x: floats([], 1) })).toThrow('a loop of more than');
  });
});

const scan = (attributes: string) => `
  input s: float32[2]
  input x: float32[3, 2]
  last: float32[2], all: float32[A, B] = Scan(s, x) {body = graph body {
    input state: float32[2]
    input row: float32[2]
    sum: float32[2] = Add(state, row)
    copy: float32[2] = Identity(sum)
    output sum: float32[2]
    output copy: float32[2]
  }, num_scan_inputs = 1${attributes}}
  output last: float32[2]
  output all: float32[A, B]`;

describe('Scan', () => {
  const feeds: Feeds = { s: floats([2], 10, 20), x: floats([3, 2], 1, 2, 3, 4, 5, 6) };

  test.each([
    '',
    ', scan_input_directions = [1]',
    ', scan_output_directions = [1]',
    ', scan_output_axes = [1]',
    ', scan_output_axes = [-1], scan_input_directions = [1], scan_output_directions = [1]',
  ])('forwards, backwards, along other axes%s', (attributes) => expectSame(scan(attributes), feeds));

  test('along another axis of the input', () =>
    expectSame(scan(', scan_input_axes = [1]').replace('float32[3, 2]', 'float32[2, 3]'), {
      s: feeds.s!,
      x: floats([2, 3], 1, 2, 3, 4, 5, 6),
    }));
});
