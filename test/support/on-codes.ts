// One operator on codes, in the integer arithmetic or by way of float.
import type { Attribute, QuantizedDType, QuantParams } from '../../src/ir/index.ts';
import { attributes, perChannel, perTensor, Tensor } from '../../src/ir/index.ts';
import type { CodesContext } from '../../src/ops/contract.ts';
import { referenceOnCodes, throughFloat } from '../../src/ops/index.ts';

/** Codes with their parameters; a tensor alone is float (or indices). */
export interface Coded {
  readonly tensor: Tensor;
  readonly quant?: QuantParams;
}

export interface OneOnCodes {
  readonly op: string;
  readonly inputs: readonly (Coded | undefined)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** One an output; undefined is float. Default: one float output. */
  readonly outputs?: readonly (QuantParams | undefined)[];
  readonly opset?: number;
}

export const params = (dtype: QuantizedDType, scale: number, zeroPoint = 0): QuantParams =>
  perTensor(dtype, scale, zeroPoint, 'test');

export const alongAxis = (scales: readonly number[], axis: number): QuantParams =>
  perChannel('int8', scales, axis, 'test');

export function coded(quant: QuantParams, dims: readonly number[], codes: readonly number[]): Coded {
  return { tensor: Tensor.from(quant.dtype as 'uint8', dims, codes), quant };
}

export const real = (dims: readonly number[], values: readonly number[]): Coded => ({
  tensor: Tensor.from('float32', dims, values),
});

export const contextOf = (spec: OneOnCodes): CodesContext => {
  const outputs = spec.outputs ?? [undefined];
  return {
    node: {
      name: 'node',
      op: spec.op,
      domain: '',
      inputs: spec.inputs.map((x, i) => (x === undefined ? '' : `x${i}`)),
      outputs: outputs.map((_, i) => `y${i}`),
      attributes: attributes(spec.attributes ?? {}),
    },
    opset: spec.opset ?? 17,
    inputs: spec.inputs.map((x) => x?.tensor),
    inputQuant: spec.inputs.map((x) => x?.quant),
    outputQuant: outputs,
    runBody: () => {
      throw new Error('no bodies here');
    },
  };
};

export const onCodes = (spec: OneOnCodes): readonly Tensor[] => referenceOnCodes(contextOf(spec));
export const fake = (spec: OneOnCodes): readonly Tensor[] => throughFloat(contextOf(spec));
