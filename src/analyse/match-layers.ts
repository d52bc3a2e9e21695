/**
 * Which layer of one model is which of another: by the names of values where they were kept, else by structure, walking both
 * from their inputs. Operators fused on one side only (normalizations, clamps, biases) are followed through.
 */
import type { Shape } from '../ir/index.ts';
import type { Skeleton, SkeletonOperator, Tap } from './skeleton.ts';
import { sameDims, weightLikeness } from './weight-likeness.ts';

export interface LayerMatch {
  /** The operator of the reference that makes the value. */
  readonly layer: string;
  /** The one of the other model. */
  readonly otherLayer: string;
  readonly op: string;
  readonly reference: Tap;
  readonly other: Tap;
  readonly by: 'name' | 'structure';
}

export interface Matching {
  /** In the order of the other model. */
  readonly matches: readonly LayerMatch[];
  /** Operators that compute, without a partner. */
  readonly unmatchedReference: readonly string[];
  readonly unmatchedOther: readonly string[];
}

/** Steps through operators that one side has fused away. */
const longestDetour = 8;

export function matchLayers(reference: Skeleton, other: Skeleton): Matching {
  return new Matcher(reference, other).run();
}

class Matcher {
  readonly #a: Skeleton;
  readonly #b: Skeleton;
  /** Classes of the reference to those of the other model. */
  readonly #there = new Map<string, string>();
  /** Classes of the other model that are taken, with their partner. */
  readonly #back = new Map<string, { root: string; by: 'name' | 'structure' }>();

  constructor(reference: Skeleton, other: Skeleton) {
    this.#a = reference;
    this.#b = other;
  }

  run(): Matching {
    this.#pairInputs();
    for (const operator of this.#b.operators) this.#byName(operator);
    for (const operator of this.#a.operators) this.#byStructure(operator);
    for (const operator of this.#b.operators) this.#settle(operator);
    return this.#result();
  }

  #pairInputs(): void {
    const ports = (s: Skeleton) =>
      s.model.graph.inputs.filter((p) => !s.model.graph.initializers.has(p.name)).map((p) => p.name);
    const [mine, theirs] = [ports(this.#a), ports(this.#b)];
    for (const [i, name] of mine.entries()) {
      const partner = theirs.includes(name) ? name : theirs[i];
      if (partner !== undefined) this.#there.set(name, partner);
    }
  }

  #byName(operator: SkeletonOperator): void {
    for (const name of this.#b.members(operator.output)) {
      if (!this.#a.has(name)) continue;
      const root = this.#a.root(name);
      if (this.#there.has(root) || this.#back.has(operator.output)) return;
      const fits =
        couldBe(this.#a.shape(root), this.#b.shape(operator.output)) &&
        computedBy(this.#a, root) === computedBy(this.#b, operator.output);
      if (!fits) continue;
      this.#pair(root, operator.output, 'name');
      return;
    }
  }

  #byStructure(operator: SkeletonOperator): void {
    if (this.#there.has(operator.output) || operator.inputs.length === 0) return;
    const there = operator.inputs.map((root) => this.#there.get(root));
    if (there.includes(undefined)) return;
    const found =
      this.#candidate(operator, there as string[]) ?? this.#afterDetour(operator, there as string[]);
    if (found !== undefined) this.#pair(operator.output, found.output, 'structure');
    else if (operator.role !== 'computes') this.#follow(operator, there[0]!);
  }

  #candidate(operator: SkeletonOperator, inputs: readonly string[]): SkeletonOperator | undefined {
    const shape = this.#a.shape(operator.output);
    const candidates = this.#b
      .readers(inputs[0]!)
      .filter(
        (c) =>
          c.kind === operator.kind &&
          !this.#back.has(c.output) &&
          sameInputs(c, inputs) &&
          couldBe(shape, this.#b.shape(c.output)) &&
          this.#weightsFit(operator, c),
      );
    if (candidates.length < 2 || operator.weight === undefined) return candidates[0];
    const likeness = candidates.map((c) => weightLikeness([operator, this.#a], [c, this.#b]));
    return candidates[likeness.indexOf(Math.max(...likeness))];
  }

  #weightsFit(a: SkeletonOperator, b: SkeletonOperator): boolean {
    const dims = (o: SkeletonOperator, s: Skeleton) =>
      o.weight === undefined ? undefined : s.graph.stored(o.weight)?.dims;
    const [left, right] = [dims(a, this.#a), dims(b, this.#b)];
    if (left === undefined || right === undefined) return (left === undefined) === (right === undefined);
    // A Gemm may store its weight the other way round.
    return sameDims(left, right) || sameDims(left, [...right].reverse());
  }

  /** The other model has operators in between that the reference has fused. */
  #afterDetour(operator: SkeletonOperator, inputs: readonly string[]): SkeletonOperator | undefined {
    let at = inputs;
    for (let i = 0; i < longestDetour; i++) {
      const next = at.map((root) => {
        const [reader, ...more] = this.#b.readers(root);
        const goesOn =
          reader !== undefined &&
          more.length === 0 &&
          reader.role !== 'computes' &&
          reader.inputs.length === 1 &&
          !this.#back.has(reader.output);
        return goesOn ? reader.output : root;
      });
      if (next.every((root, j) => root === at[j])) return undefined;
      const found = this.#candidate(operator, next);
      if (found !== undefined) {
        for (const [j, root] of next.entries()) this.#move(operator.inputs[j]!, inputs[j]!, root);
        return found;
      }
      at = next;
    }
    return undefined;
  }

  /** An operator nobody wanted, such as the bias behind a MatMul, belongs to the layer before it. */
  #settle(operator: SkeletonOperator): void {
    const [before] = operator.inputs;
    const isFused =
      operator.role === 'absorbable' &&
      !this.#back.has(operator.output) &&
      before !== undefined &&
      this.#b.readers(before).length === 1 &&
      !this.#b.isOutput(before);
    const known = isFused ? this.#back.get(before) : undefined;
    if (known?.by === 'structure') this.#move(known.root, before!, operator.output);
  }

  /** A class of the reference is, on the other side, what comes out behind the operators fused into it. */
  #move(root: string, from: string, to: string): void {
    if (from === to) return;
    const known = this.#back.get(from);
    if (known?.root !== root) return;
    this.#back.delete(from);
    this.#pair(root, to, known.by);
  }

  /** The reference has an operator that the other model has fused into the one before. */
  #follow(operator: SkeletonOperator, there: string): void {
    const [before] = operator.inputs;
    this.#there.set(operator.output, there);
    const known = this.#back.get(there);
    const isLast = this.#a.readers(before!).length === 1 && !this.#a.isOutput(before!);
    if (known?.root === before && known?.by === 'structure' && isLast && operator.role === 'absorbable')
      this.#back.set(there, { root: operator.output, by: known.by });
  }

  #pair(root: string, there: string, by: 'name' | 'structure'): void {
    this.#there.set(root, there);
    this.#back.set(there, { root, by });
  }

  #result(): Matching {
    const matches = this.#b.operators.flatMap((operator): LayerMatch[] => {
      const partner = this.#back.get(operator.output);
      if (partner === undefined || operator.role === 'moves') return [];
      const maker = this.#a.maker(partner.root);
      return [
        {
          layer: maker?.node.name ?? partner.root,
          otherLayer: operator.node.name,
          op: operator.node.op,
          reference: this.#a.tap(partner.root),
          other: this.#b.tap(operator.output),
          by: partner.by,
        },
      ];
    });
    const matched = new Set([...this.#back.values()].map((p) => p.root));
    return {
      matches,
      unmatchedReference: this.#a.operators.filter((o) => this.#isAlone(o, matched)).map((o) => o.node.name),
      unmatchedOther: this.#b.operators
        .filter((o) => o.role === 'computes' && !this.#isCovered(this.#b, o.output, this.#back))
        .map((o) => o.node.name),
    };
  }

  #isAlone(operator: SkeletonOperator, matched: ReadonlySet<string>): boolean {
    return operator.role === 'computes' && !this.#isCovered(this.#a, operator.output, matched);
  }

  /** Matched itself, or by what is fused behind it. */
  #isCovered(side: Skeleton, output: string, matched: { has(root: string): boolean }): boolean {
    let root = output;
    for (let i = 0; i <= longestDetour; i++) {
      if (matched.has(root)) return true;
      const [reader, ...more] = side.readers(root);
      if (reader === undefined || more.length > 0 || reader.role !== 'absorbable') return false;
      root = reader.output;
    }
    return false;
  }
}

/** What computes a value, looked at through what others would have fused into it. */
function computedBy(side: Skeleton, root: string): string | undefined {
  let maker = side.maker(root);
  for (let i = 0; i < longestDetour && maker?.role === 'absorbable' && maker.inputs.length === 1; i++)
    maker = side.maker(maker.inputs[0]!) ?? maker;
  return maker?.kind;
}

const commutative: ReadonlySet<string> = new Set(['Add', 'Mul']);

function sameInputs(operator: SkeletonOperator, inputs: readonly string[]): boolean {
  const own = operator.inputs;
  if (own.length !== inputs.length) return false;
  if (!commutative.has(operator.kind)) return own.every((root, i) => root === inputs[i]);
  const [left, right] = [[...own].sort(), [...inputs].sort()];
  return left.every((root, i) => root === right[i]);
}

/** No known size of the one contradicts the other; sizes of 1 may be left out (Conv and Gemm). */
function couldBe(a: Shape | undefined, b: Shape | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const sizes = (shape: Shape) => shape.filter((d) => d !== 1);
  const [left, right] = [sizes(a), sizes(b)];
  if (left.length !== right.length) return a.some((d) => typeof d !== 'number') && a.length === b.length;
  return left.every((d, i) => typeof d !== 'number' || typeof right[i] !== 'number' || d === right[i]);
}
