/** Looks at parsed JSON field by field: the value, or a FORMAT error that names the field. */
import { RuntimeError } from './errors.ts';

export type Json = Readonly<Record<string, unknown>>;

export class JsonCheck {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  fail(what: string): never {
    throw new RuntimeError('FORMAT', this.#where, what, 'Compile the model again: octavo compile');
  }

  object(value: unknown, name: string): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.fail(`${name} is no object`);
    return value as Json;
  }

  list(value: unknown, name: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.fail(`${name} is no list`);
  }

  text(value: unknown, name: string): string {
    return typeof value === 'string' ? value : this.fail(`${name} is no text`);
  }

  one<T extends string>(value: unknown, name: string, known: readonly T[]): T {
    const found = known.find((k) => k === value);
    return found ?? this.fail(`${name} is none of ${known.join(', ')}`);
  }

  hash(value: unknown, name: string): void {
    if (!/^[0-9a-f]{64}$/.test(this.text(value, name))) this.fail(`${name} is no SHA-256`);
  }

  /** A name in the manifest's own folder. */
  file(value: unknown, name: string): void {
    if (!/^[\w-][\w.-]*$/.test(this.text(value, name))) this.fail(`${name} is no name of a file beside it`);
  }

  number(value: unknown, name: string): number {
    return Number.isFinite(value) ? (value as number) : this.fail(`${name} is no number`);
  }

  whole(value: unknown, name: string, least: number, greatest: number): number {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > greatest)
      this.fail(`${name} is not a whole number from ${least} to ${greatest}`);
    return value as number;
  }
}
