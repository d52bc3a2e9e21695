/**
 * What Octavo knows of an operator. Each folder here exports contracts; index.ts lists them. Types that are
 * absent mean "not known for this operator", and everything that reads a contract copes with that.
 */
import type { Graph, Node, QuantParams, Shape, Tensor, ValueType } from '../ir/index.ts';

/** What an operator sees when shapes are inferred. Inputs left out or unknown are undefined. */
export interface InferContext {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (ValueType | undefined)[];
  /** The value of an input where it is constant (or was computed from shapes), e.g. Reshape's target. */
  constant(index: number): Tensor | undefined;
  /**
   * Partly known integers of a small input (a shape computation), in row-major order whatever its rank:
   * numbers (negative ones too), names of dims, or null a place.
   */
  shapeValue(index: number): Shape | undefined;
  /** Types of the outputs of a body of this node (If, Loop, Scan) when its inputs have these types. */
  inferBody(body: Graph, inputs: readonly (ValueType | undefined)[]): readonly (ValueType | undefined)[];
}

/** Types of the outputs, in order; undefined where nothing can be said. */
export type InferTypes = (context: InferContext) => readonly (ValueType | undefined)[];

/** Partly known integers of the outputs, as `InferContext.shapeValue` gives them for inputs. */
export type InferValues = (context: InferContext) => readonly (Shape | undefined)[];

/** Computes the outputs exactly as ONNX defines them, slowly and plainly. Throws UnsupportedError on a dtype it lacks. */
export type Evaluate = (context: EvaluateContext) => readonly Tensor[];

export interface EvaluateContext {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (Tensor | undefined)[];
}

/**
 * Computes the outputs in Octavo's own arithmetic (docs/numerics.md): what engines leave open (the order of sums, the last
 * bit of exp) is settled here, the same on every machine. The oracle of tests and of compiled code. Slow and plain. Throws
 * UnsupportedError on what it lacks.
 */
export type Reference = (context: ReferenceContext) => readonly Tensor[];

export interface ReferenceContext extends EvaluateContext {
  /** Runs a body of this node (If, Loop, Scan); it sees the values around the node. */
  runBody(body: Graph, inputs: readonly Tensor[]): readonly Tensor[];
}

/** An operator some of whose inputs or outputs are codes: tensors of the parameters' dtype. */
export interface CodesContext extends ReferenceContext {
  /** Parallel to inputs; undefined: no codes. */
  readonly inputQuant: readonly (QuantParams | undefined)[];
  /** Parallel to node.outputs. */
  readonly outputQuant: readonly (QuantParams | undefined)[];
}

/** The true INT8 arithmetic of an operator, to the bit. Undefined where its operands have none: then by way of float. */
export type CodesReference = (context: CodesContext) => readonly Tensor[] | undefined;

/**
 * How the operator takes part in quantization. Input numbers are positions in `node.inputs`.
 * - `weighted`: a linear operator with a constant weight (and bias): Conv, ConvTranspose, Gemm, MatMul.
 * - `arithmetic`: inputs and output each with their own parameters (Add, Mul, AveragePool, ...).
 * - `shared`: moves or selects values: the output has the data input's parameters (MaxPool, Reshape, Concat, ...).
 * - `activation`: clamps; merged into the producer when its range allows it (Relu, Clip).
 */
export type QuantRule =
  | { readonly kind: 'weighted'; readonly data: 0; readonly weight: 1; readonly bias?: 2 }
  | {
      readonly kind: 'arithmetic';
      readonly data: 'all' | readonly number[];
      readonly fixedOutput?: readonly [number, number];
    }
  | {
      readonly kind: 'shared';
      readonly data: 'all' | readonly number[];
      readonly outputs?: 'all' | readonly number[];
    }
  | { readonly kind: 'activation' };

export interface OperatorContract {
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain?: string;
  readonly infer?: InferTypes;
  /** For operators that compute with dims (Add, Shape, ...), where not all places are known numbers. */
  readonly inferValues?: InferValues;
  readonly evaluate?: Evaluate;
  /** Data inputs whose elements `evaluate` only moves: their values may then be anything, known or not. */
  readonly moves?: 'all' | readonly number[];
  /** A function where the rule depends on the node's attributes. */
  readonly quantize?: QuantRule | ((node: Node) => QuantRule | undefined);
}

/** A contract with what the oracle computes: apart, as who only plans and edits need not load it. */
export interface OracleContract extends OperatorContract {
  /** Where `evaluate` is absent, or refuses because engines differ in the last bits. */
  readonly reference?: Reference;
  /** Absent: codes are dequantized, computed with and quantized again (`referenceOnCodes`). */
  readonly codes?: CodesReference;
}

/** By operator. */
export type References = Readonly<Record<string, Reference>>;
