// Cases of the kernels of floats, element by element: lengths around the lanes, strides, broadcasting, NaN and its kin.
import type { KernelCase } from '../../../test/support/kernel-case.ts';
import type { TestValue } from '../../../test/support/lowered-node.ts';
import { caseOfNode } from '../../../test/support/lowered-node.ts';
import { floats } from '../../../test/support/random-tensors.ts';
import { attr } from '../../ir/index.ts';

const binary = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow', 'PRelu'];

/** Those of one float that there are kernels for. */
export const functions = [
  ...[
    'Abs',
    'Acosh',
    'Asinh',
    'Atanh',
    'Ceil',
    'Celu',
    'Cosh',
    'Elu',
    'Erf',
    'Exp',
    'Floor',
    'Gelu',
    'HardSigmoid',
  ],
  ...[
    'HardSwish',
    'LeakyRelu',
    'Log',
    'Mish',
    'Neg',
    'Reciprocal',
    'Relu',
    'Round',
    'Selu',
    'Shrink',
    'Sigmoid',
  ],
  ...['Sign', 'Sinh', 'Softplus', 'Softsign', 'Sqrt', 'Swish', 'Tanh', 'ThresholdedRelu', 'Clip'],
];

const of = (dims: readonly number[], seed: number, layout: TestValue['layout'] = 'dense'): TestValue => ({
  tensor: floats(dims, seed, true),
  layout,
});

export function cases(): readonly KernelCase[] {
  return [...binary.flatMap(broadcasting), ...functions.flatMap(lengths), geluByTanh()];
}

function broadcasting(op: string): readonly KernelCase[] {
  const pairs = [
    [[37], [37]],
    [[3, 21], [21]],
    [
      [3, 21],
      [3, 1],
    ],
    [[1], [1]],
    [
      [2, 3, 4, 9],
      [3, 1, 9],
    ],
  ] as const;
  return pairs.flatMap(([left, right], i) =>
    (['dense', 'last'] as const).map((layout) =>
      caseOfNode(`${op} ${left.join('x')} and ${right.join('x')}, ${layout}`, undefined, {
        op,
        inputs: [of(left, i), of(right, i + 10)],
        outputs: [{ layout }],
      }),
    ),
  );
}

function lengths(op: string): readonly KernelCase[] {
  const shapes = [[1], [4], [203], [1, 5, 2, 7]];
  return shapes.map((dims, i) =>
    caseOfNode(`${op} of ${dims.join('x')}`, undefined, { op, inputs: [of(dims, i, 'last')] }),
  );
}

function geluByTanh(): KernelCase {
  const attributes = { approximate: attr.string('tanh') };
  return caseOfNode('Gelu by tanh', undefined, { op: 'Gelu', attributes, inputs: [of([300], 4)] });
}
