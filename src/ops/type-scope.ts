/** What shape inference knows of the values in one graph; a body sees its outer graph's too. */
import type { Shape, Tensor, ValueType } from '../ir/index.ts';

/** Longest integer tensor whose values are followed: shapes, pads, slices are far shorter. */
export const maxValues = 1024;

const integers = new Set(['int64', 'int32', 'bool', 'uint8', 'int8', 'int16', 'uint16', 'uint32', 'uint64']);

export class Scope {
  readonly #outer: Scope | undefined;
  readonly #types = new Map<string, ValueType>();
  readonly #values = new Map<string, Shape>();
  readonly #constants = new Map<string, Tensor>();

  constructor(outer: Scope | undefined) {
    this.#outer = outer;
  }

  setType(name: string, type: ValueType): void {
    this.#types.set(name, type);
  }

  setConstant(name: string, tensor: Tensor): void {
    this.#constants.set(name, tensor);
  }

  setValue(name: string, value: Shape): void {
    this.#values.set(name, value);
  }

  type(name: string): ValueType | undefined {
    return this.#types.get(name) ?? this.#outer?.type(name);
  }

  constant(name: string): Tensor | undefined {
    return this.#constants.get(name) ?? this.#outer?.constant(name);
  }

  value(name: string): Shape | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const tensor = this.#constants.get(name);
    if (tensor === undefined) return this.#outer?.value(name);
    if (!integers.has(tensor.dtype) || tensor.size > maxValues) return undefined;
    const value = tensor.toNumbers();
    this.#values.set(name, value);
    return value;
  }
}
