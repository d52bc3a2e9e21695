/**
 * Which operators ONNX's own domain has up to opset 13, by the version that brought them: the histories of
 * `onnx.defs.get_all_schemas_with_history()`, onnx 1.23.
 */
export const introducedIn: ReadonlyMap<string, number> = new Map(
  Object.entries({
    1: `Abs Add And ArgMax ArgMin AveragePool BatchNormalization Cast Ceil Clip Concat Constant Conv
      ConvTranspose DepthToSpace Div Dropout Elu Equal Exp Flatten Floor GRU Gather Gemm
      GlobalAveragePool GlobalLpPool GlobalMaxPool Greater HardSigmoid Hardmax Identity If
      InstanceNormalization LRN LSTM LeakyRelu Less Log LogSoftmax Loop LpNormalization LpPool MatMul
      Max MaxPool MaxRoiPool Mean Min Mul Neg Not Or PRelu Pad Pow RNN RandomNormal RandomNormalLike
      RandomUniform RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
      ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Shape
      Sigmoid Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile
      TopK Transpose Unsqueeze Upsample Xor`,
    7: `Acos Asin Atan Cos Multinomial Sin Tan`,
    8: `Expand Scan`,
    9: `Acosh Asinh Atanh Compress ConstantOfShape Cosh Erf EyeLike IsNaN MaxUnpool
      MeanVarianceNormalization NonZero OneHot Scatter Shrink Sign Sinh TfIdfVectorizer Where`,
    10: `ConvInteger DequantizeLinear IsInf MatMulInteger Mod NonMaxSuppression QLinearConv QLinearMatMul
      QuantizeLinear Resize ReverseSequence RoiAlign StringNormalizer ThresholdedRelu`,
    11: `BitShift ConcatFromSequence CumSum Det DynamicQuantizeLinear GatherElements GatherND Range Round
      ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty SequenceErase
      SequenceInsert SequenceLength SplitToSequence Unique`,
    12: `Celu Einsum GreaterOrEqual LessOrEqual NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss`,
  }).flatMap(([version, names]) => names.split(/\s+/).map((name) => [name, Number(version)] as const)),
);

/** Operators that ceased to exist, by the version that took them out. */
export const removedIn: ReadonlyMap<string, number> = new Map(Object.entries({ Upsample: 10, Scatter: 11 }));
