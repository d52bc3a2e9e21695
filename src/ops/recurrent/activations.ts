/** The functions that recurrent operators name in `activations`, with the alphas and betas that each takes. */
import { tanh } from '../../base/hyperbolic.ts';
import type { Attribute, Node } from '../../ir/index.ts';
import { floatsAttr } from '../../ir/index.ts';
import { cannotEvaluate } from '../elements.ts';
import { impossible } from '../infer-readers.ts';
import type { RealFunction } from '../unary/reference.ts';
import {
  elu,
  hardSigmoid,
  leakyRelu,
  sigmoid,
  softplus,
  softsign,
  thresholdedRelu,
} from '../unary/reference.ts';

interface Activation {
  /** Defaults; absent where the function takes none. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly make: (alpha: number, beta: number) => RealFunction;
}

const activations: Readonly<Record<string, Activation>> = {
  affine: { alpha: 1, beta: 0, make: (alpha, beta) => (x) => alpha * x + beta },
  elu: { alpha: 1, make: elu },
  hardsigmoid: { alpha: Math.fround(0.2), beta: 0.5, make: hardSigmoid },
  leakyrelu: { alpha: Math.fround(0.01), make: leakyRelu },
  relu: { make: () => (x) => (x < 0 ? 0 : x) },
  scaledtanh: { alpha: 1, beta: 1, make: (alpha, beta) => (x) => alpha * tanh(beta * x) },
  sigmoid: { make: () => sigmoid },
  softplus: { make: () => softplus },
  softsign: { make: () => softsign },
  tanh: { make: () => tanh },
  thresholdedrelu: { alpha: 1, make: thresholdedRelu },
};

const fromUtf8 = new TextDecoder();

function namesOf(node: Node): readonly string[] | undefined {
  const attribute: Attribute | undefined = node.attributes.get('activations');
  if (attribute === undefined) return undefined;
  if (attribute.type !== 'strings') throw impossible(node, "'activations' are no strings");
  return attribute.value.map((name) => fromUtf8.decode(name));
}

/** As many as `defaults` for each direction; alphas and betas are consumed in order by those that take one. */
export function activationsOf(
  node: Node,
  defaults: readonly string[],
  directions: number,
): readonly (readonly RealFunction[])[] {
  const wanted = defaults.length * directions;
  const names = namesOf(node) ?? new Array(directions).fill(defaults).flat();
  if (names.length !== wanted) throw impossible(node, `${names.length} activations, not ${wanted}`);
  const alphas = [...(floatsAttr(node, 'activation_alpha') ?? [])];
  const betas = [...(floatsAttr(node, 'activation_beta') ?? [])];
  const functions = names.map((name) => {
    const activation = activations[name.toLowerCase()];
    if (activation === undefined) throw cannotEvaluate(node, `the activation '${name}' is not known`);
    const { alpha, beta, make } = activation;
    const taken = (list: number[], fallback: number | undefined): number =>
      fallback === undefined ? 0 : (list.shift() ?? fallback);
    return make(taken(alphas, alpha), taken(betas, beta));
  });
  return Array.from({ length: directions }, (_, d) =>
    functions.slice(d * defaults.length, (d + 1) * defaults.length),
  );
}
