/**
 * A text form of a model, to print and to parse: for golden tests, bug reports and people.
 *
 *   ir 8
 *   opset 13                             opset "com.microsoft" 1    producer "name" "version"    meta "key" "value"
 *   graph main {
 *     input x: float32[N, 3, ?, 32]      no brackets: the rank is unknown
 *     const w: float32[8, 3, 1, 1] = random(1, 0.5)        or [values], base64 "...", hash 0123abcd (brief mode)
 *     type w2: int8[8] scale(0.5) zero(3)                  a quantized value; axis(0) and block(32) may follow
 *     y: float32[N, 8, ?, 32] = Conv(x, w, _) {strides = [1, 1], alpha = 1.0} @node_name
 *     output y: float32[N, 8, ?, 32]
 *   }
 *
 * `_` is an input or output left out, `@name` stands where a node is not named as its first output, an operator
 * of another domain is `domain::Op`, and names with other signs than letters, digits and _ . / + - are quoted as
 * in JSON. Attributes are told apart by their form (1, 1.0, "s", [..], floats(), tensor float32[1] [1],
 * graph g {..}, reference name, opaque base64 ".."). `#` starts a comment.
 */
export { parseModel } from './text-parse.ts';
export { type PrintOptions, printGraph, printModel } from './text-print.ts';
export type { TextMode } from './text-values.ts';
