/** What an engine wants of an INT8 model, as data: `quantize` reads it to decide, `lint` to warn. Sources: docs/targets.md. */
import type { ConvMeasure } from './conv-measures.ts';

export interface TargetProfile {
  readonly id: string;
  /** One line for help texts. */
  readonly title: string;
  readonly activations: {
    readonly dtype: 'uint8' | 'int8';
    /** Codes [-127, 127] around zero point 0 (int8 only): no one-sided range, no saturation that could stand for a Relu. */
    readonly symmetric: boolean;
  };
  readonly weights: {
    readonly dtype: 'int8';
    /** Axes of the weight along which scales may lie, by operator; one scale for the whole weight elsewhere. */
    readonly channelAxes: Readonly<Record<string, readonly number[]>>;
    /** Seven-bit weights, for engines that add pairs of products in 16 bits. */
    readonly reduceRange: boolean;
  };
  /** `float`: biases stay float32 constants; the engine adds them in its own precision. */
  readonly bias: 'int32' | 'float';
  /** Operators the engine takes for INT8 only with a bias: one of zeros is made for those without. */
  readonly needsBias: readonly string[];
  /** The lowest opset its QDQ form needs: what models are brought to before they are laid out. */
  readonly opset: 13;
  /** Every size of every input has to be a number. */
  readonly staticShapes: boolean;
  /** Operators the engine runs on codes, when they stand between DequantizeLinear and QuantizeLinear. */
  readonly operators: readonly string[];
  /** Ways of a Resize that run on codes, where Resize is among these; in the others it runs in float. */
  readonly resizeModes: readonly ResizeMode[];
  /** Of these, the ones whose result has to keep its input's parameters although they compute. */
  readonly sameParams: readonly string[];
  /** Of these, the ones that may leave their result in float: the sums are scaled and not rounded to 8 bits. */
  readonly floatOutput: readonly string[];
  /**
   * Also the ends of the graph run on codes: for engines that have nothing but integers. Elsewhere what has no INT8 operator
   * behind it (or before it) stays float, which is more accurate and no slower.
   */
  readonly wholeGraph: boolean;
  /**
   * A Relu or Clip behind an operator. `merged`: it goes, saturating codes do its work (not where codes are symmetric).
   * `kept`: it stays between the operator and its QuantizeLinear, where the engine fuses it.
   */
  readonly clamps: 'merged' | 'kept';
  /**
   * An Add takes the result of one `floatOutput` operator as it is, and only its other operand as codes: the engine adds
   * before the operator's result is rounded.
   */
  readonly fusesAdd: boolean;
  /** `each-reader`: no two operators read the same DequantizeLinear of a value. */
  readonly dequantize: 'shared' | 'each-reader';
  /** Convolutions that are faster in float there; the first that fits gives the reason. */
  readonly keepFloat: readonly KeepFloat[];
  /**
   * Operators the engine turns into INT8 by itself between DequantizeLinear and QuantizeLinear, asked or not. One that
   * is to stay float gets a barrier behind it (docs/qdq-rules.md).
   */
  readonly selfQuantizes: readonly string[];
}

/** ONNX's names; `nearest` is the only one that moves values and computes none. */
export type ResizeMode = 'nearest' | 'linear' | 'cubic';

export interface KeepFloat {
  readonly op: 'Conv';
  readonly measure: ConvMeasure;
  /** Where the measure is this or less. */
  readonly atMost: number;
  /** Only next to a convolution that stays float in any case: crossing over to INT8 and back would cost more. */
  readonly besideFloat?: true;
  /** Continues "<id> runs it in float: ". */
  readonly why: string;
}
