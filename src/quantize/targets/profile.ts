/** What an engine wants of an INT8 model, as data: `quantize` reads it to decide, `lint` to warn. */
import type { QuantizedDType } from '../../ir/index.ts';

export interface TargetProfile {
  readonly id: string;
  /** One line for help texts. */
  readonly title: string;
  readonly activations: {
    readonly dtype: QuantizedDType;
    /** Zero point fixed at 0: no one-sided range, no saturation that could stand for a Relu. */
    readonly symmetric: boolean;
  };
  readonly weights: {
    readonly dtype: 'int8';
    readonly perChannel: boolean;
    /** Seven-bit weights, for engines that add pairs of products in 16 bits. */
    readonly reduceRange: boolean;
  };
  readonly bias: 'int32' | 'float';
  /** The lowest opset its QDQ form needs. */
  readonly opset: number;
  /** Operators the engine runs on codes, when they stand between DequantizeLinear and QuantizeLinear. */
  readonly operators: readonly string[];
  /** Of these, the ones that may leave their result in float: the sums are scaled and not rounded to 8 bits. */
  readonly floatOutput: readonly string[];
  /**
   * Operators the engine turns into INT8 by itself between DequantizeLinear and QuantizeLinear, asked or not. One that
   * is to stay float gets a barrier behind it (docs/qdq-rules.md).
   */
  readonly selfQuantizes: readonly string[];
}
