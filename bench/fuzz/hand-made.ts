/** A small model that has a bit of everything: what real networks are made of, and what they hardly ever hold. */
import { encodeProto, valueInfo } from '../../test/support/onnx-proto.ts';
import type { Proto } from './proto.ts';
import { attrFloat, attrGraph, attrInt, attrInts, attrTensor, attrText, float32s, int64s } from './proto.ts';

const node = (op_type: string, input: string[], output: string, ...attribute: Proto[]): Proto => ({
  op_type,
  name: `${op_type} ${output}`,
  input,
  output: [output],
  attribute,
});

const weight = (name: string, ...dims: number[]): Proto =>
  float32s(name, dims, (i) => (((i * 37) % 23) - 11) / 16);

const branch = (op: string): Proto => ({
  name: op,
  node: [{ op_type: op, input: ['r1'], output: ['inner'] }],
  output: [valueInfo('inner', 1, undefined)],
});

export function handMade(): Uint8Array {
  const graph = {
    name: 'hand-made',
    input: [valueInfo('x', 1, ['N', 4, 8, 8]), valueInfo('flag', 9, [])],
    output: [valueInfo('y', 1, ['N', 5]), valueInfo('z', 1, undefined)],
    value_info: [valueInfo('c1', 1, ['N', 8, 8, 8])],
    initializer: [
      weight('w1', 8, 4, 3, 3),
      ...['g1', 'b1', 'm1', 'v1'].map((n) => float32s(n, [8], (i) => 1 + i / 8)),
      weight('w2', 8, 1, 3, 3),
      weight('bias2', 8),
      weight('w3', 8, 4, 2, 2),
      weight('w4', 5, 8),
      weight('bias4', 5),
      weight('w5', 8, 6),
      weight('shift', 6),
      int64s('to rows', ['0', '-1', '8']),
      int64s('pads', ['0', '0', '1', '1', '0', '0', '1', '1']),
      int64s('from', ['1'], [1]),
      int64s('until', ['9223372036854775807'], [1]),
      int64s('along', ['2'], [1]),
      float32s('zoom', [4], (i) => (i < 2 ? 1 : 2)),
      float32s('six', [], () => 6),
      float32s('zero', [], () => 0),
      int64s('ends', ['0', '2']),
    ],
    node: [
      node('Pad', ['x', 'pads'], 'p', attrText('mode', 'constant')),
      node('Conv', ['p', 'w1'], 'c1', attrInts('kernel_shape', [3, 3]), attrInts('strides', [1, 1])),
      node('BatchNormalization', ['c1', 'g1', 'b1', 'm1', 'v1'], 'n1', attrFloat('epsilon', 1e-5)),
      node('Relu', ['n1'], 'r1'),
      node('Conv', ['r1', 'w2', 'bias2'], 'c2', attrInt('group', 8), attrInts('pads', [1, 1, 1, 1])),
      node('Clip', ['c2', 'zero', 'six'], 'r2'),
      node('Add', ['r1', 'r2'], 's1'),
      node('Sigmoid', ['s1'], 'sig'),
      node('Mul', ['s1', 'sig'], 'silu'),
      node('MaxPool', ['silu'], 'mp', attrInts('kernel_shape', [2, 2]), attrInts('strides', [2, 2])),
      node('Resize', ['mp', '', 'zoom'], 'up', attrText('mode', 'nearest')),
      node('Slice', ['silu', 'from', 'until', 'along'], 'sl'),
      node('Concat', ['up', 'silu'], 'cat', attrInt('axis', 1)),
      node('GlobalAveragePool', ['silu'], 'gap'),
      node('Flatten', ['gap'], 'flat', attrInt('axis', 1)),
      node('Gemm', ['flat', 'w4', 'bias4'], 'logits', attrInt('transB', 1)),
      node('Softmax', ['logits'], 'y', attrInt('axis', -1)),
      node('ConvTranspose', ['mp', 'w3'], 'ct', attrInts('strides', [2, 2])),
      node('Shape', ['ct'], 'size'),
      node('Gather', ['size', 'ends'], 'two', attrInt('axis', 0)),
      node('Constant', [], 'eight', attrTensor('value', int64s('', ['-1'], [1]))),
      node('Concat', ['two', 'eight'], 'target', attrInt('axis', 0)),
      node('Reshape', ['ct', 'target'], 'rows'),
      node('Reshape', ['silu', 'to rows'], 'tokens'),
      node('MatMul', ['tokens', 'w5'], 'mm'),
      node('Add', ['mm', 'shift'], 'mma'),
      node('Transpose', ['mma'], 'turned', attrInts('perm', [0, 2, 1])),
      node('LeakyRelu', ['sl'], 'leaky', attrFloat('alpha', 0.1)),
      node('ReduceMean', ['leaky'], 'mean', attrInts('axes', [2, 3]), attrInt('keepdims', 0)),
      node(
        'If',
        ['flag'],
        'either',
        attrGraph('then_branch', branch('Neg')),
        attrGraph('else_branch', branch('Abs')),
      ),
      node('Identity', ['cat'], 'same'),
      node('Sum', ['mean', 'mean'], 'twice'),
      { op_type: 'Double', domain: 'local', name: 'call', input: ['turned'], output: ['called'] },
      node('Shape', ['rows'], 'rs'),
      node('Cast', ['rs'], 'rf', attrInt('to', 1)),
      node('ReduceMax', ['rf'], 'rm', attrInt('keepdims', 0)),
      node('ReduceMax', ['called'], 'cm', attrInt('keepdims', 0)),
      node('ReduceMax', ['either'], 'em', attrInt('keepdims', 0)),
      node('ReduceMax', ['same'], 'sm', attrInt('keepdims', 0)),
      node('ReduceMax', ['twice'], 'tm', attrInt('keepdims', 0)),
      node('Sum', ['rm', 'cm', 'em', 'sm', 'tm'], 'z'),
    ],
  };
  return encodeProto('ModelProto', {
    ir_version: 8,
    opset_import: [
      { domain: '', version: 15 },
      { domain: 'local', version: 1 },
    ],
    metadata_props: [{ key: 'made', value: 'by hand' }],
    functions: [
      {
        name: 'Double',
        domain: 'local',
        input: ['a'],
        output: ['b'],
        node: [{ op_type: 'Add', input: ['a', 'a'], output: ['b'] }],
        opset_import: [{ domain: '', version: 15 }],
      },
    ],
    graph,
  });
}
