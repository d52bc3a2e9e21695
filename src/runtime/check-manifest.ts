/** Whether a manifest is one: every field of the right kind, every address within memory, before anything is loaded by it. */
import { RuntimeError } from './errors.ts';
import type { CompiledPort, CompiledProgram, ElementType, Manifest } from './manifest.ts';

export const elementBytes: Readonly<Record<ElementType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
  int64: 8,
  int32: 4,
};

const most = 2 ** 32;
const mostPages = 65536;
const mostRank = 16;

type Json = Readonly<Record<string, unknown>>;

/** The manifest, if the value parsed from JSON is one. Throws FORMAT naming the field that is not. */
export function checkManifest(value: unknown, where: string): Manifest {
  const check = new Check(where);
  const json = check.object(value, 'it');
  if (json.format !== 'octavo-compiled') check.fail('it is no manifest of a compiled model');
  if (json.version !== 1)
    throw new RuntimeError(
      'FORMAT',
      where,
      `it has version ${String(json.version)} of the format, and this runtime reads version 1`,
      'Compile the model with the same release of octavo that loads it',
    );
  check.text(json.octavo, 'octavo');
  check.text(json.name, 'name');
  for (const [i, kernel] of check.list(json.kernels, 'kernels').entries())
    check.text(kernel, `kernels[${i}]`);
  const modules = check.object(json.modules, 'modules');
  for (const name of ['relaxed', 'baseline', 'relaxedShared', 'baselineShared'])
    check.file(modules[name], `modules.${name}`);
  check.whole(json.sharedPages, 'sharedPages', 1, mostPages);
  const weights = check.object(json.weights, 'weights');
  check.file(weights.file, 'weights.file');
  check.whole(weights.bytes, 'weights.bytes', 0, most);
  if (!/^[0-9a-f]{64}$/.test(check.text(weights.sha256, 'weights.sha256')))
    check.fail('weights.sha256 is no SHA-256');
  const constants = check.object(weights.constants, 'weights.constants');
  check.whole(constants.bytes, 'weights.constants.bytes', 0, weights.bytes as number);
  check.whole(constants.at, 'weights.constants.at', 0, most);
  const programs = check.list(json.programs, 'programs');
  if (programs.length === 0) check.fail('programs is empty');
  const manifest = value as Manifest;
  for (const [i, program] of programs.entries()) checkProgram(check, program, manifest, `programs[${i}]`);
  return manifest;
}

function checkProgram(check: Check, value: unknown, manifest: Manifest, name: string): void {
  const json = check.object(value, name);
  const sizes = check.object(json.sizes, `${name}.sizes`);
  for (const [size, number] of Object.entries(sizes)) check.whole(number, `${name}.sizes.${size}`, 1, most);
  const memory = check.whole(json.memoryBytes, `${name}.memoryBytes`, 1, most);
  const image = check.object(json.image, `${name}.image`);
  const bytes = check.whole(image.bytes, `${name}.image.bytes`, 0, manifest.weights.bytes);
  check.whole(image.offset, `${name}.image.offset`, 0, manifest.weights.bytes - bytes);
  check.whole(image.at, `${name}.image.at`, 0, memory - bytes);
  const { constants } = manifest.weights;
  if (constants.at + constants.bytes > memory) check.fail(`${name}.memoryBytes is less than its constants`);
  const calls = check.list(json.calls, `${name}.calls`);
  for (const [i, call] of calls.entries()) {
    const { node, op, kernel, macs } = check.object(call, `${name}.calls[${i}]`);
    check.text(node, `${name}.calls[${i}].node`);
    check.text(op, `${name}.calls[${i}].op`);
    check.whole(kernel, `${name}.calls[${i}].kernel`, 0, manifest.kernels.length - 1);
    if (macs !== undefined) check.whole(macs, `${name}.calls[${i}].macs`, 0, Number.MAX_SAFE_INTEGER);
  }
  check.whole(json.list, `${name}.list`, 0, memory - 16 * calls.length);
  check.whole(json.arenaBytes, `${name}.arenaBytes`, 0, memory);
  check.whole(json.arenaLowerBound, `${name}.arenaLowerBound`, 0, memory);
  for (const door of ['inputs', 'outputs'] as const)
    for (const [i, port] of check.list(json[door], `${name}.${door}`).entries())
      checkPort(check, port, memory, `${name}.${door}[${i}]`);
  const program = value as CompiledProgram;
  for (const ports of [program.inputs, program.outputs])
    if (new Set(ports.map((p) => p.name)).size !== ports.length)
      check.fail(`${name} has two ports of one name`);
}

function checkPort(check: Check, value: unknown, memory: number, name: string): void {
  const json = check.object(value, name);
  check.text(json.name, `${name}.name`);
  const bytes = Object.hasOwn(elementBytes, check.text(json.dtype, `${name}.dtype`))
    ? elementBytes[json.dtype as ElementType]
    : check.fail(`${name}.dtype is ${String(json.dtype)}`);
  const dims = check.list(json.dims, `${name}.dims`).map((d) => check.whole(d, `${name}.dims`, 0, most));
  const strides = check
    .list(json.strides, `${name}.strides`)
    .map((s) => check.whole(s, `${name}.strides`, 0, most));
  if (dims.length > mostRank || strides.length !== dims.length) check.fail(`${name} has no such rank`);
  const at = check.whole(json.at, `${name}.at`, 0, memory);
  if (at % bytes !== 0 || strides.some((s) => s % bytes !== 0))
    check.fail(`${name} lies at no multiple of its type`);
  const last = dims.reduce((end, d, i) => end + Math.max(0, d - 1) * strides[i]!, at);
  if (dims.every((d) => d > 0) && last + bytes > memory) check.fail(`${name} ends behind the memory`);
  if (json.codes === undefined) return;
  const codes = check.object(json.codes, `${name}.codes`);
  if (typeof codes.scale !== 'number' || !(codes.scale > 0)) check.fail(`${name}.codes.scale is no scale`);
  check.whole(codes.zeroPoint, `${name}.codes.zeroPoint`, -128, 255);
  const { dtype } = json as unknown as CompiledPort;
  if (dtype !== 'uint8' && dtype !== 'int8') check.fail(`${name} has codes of ${dtype}`);
}

class Check {
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

  /** A name in the manifest's own folder. */
  file(value: unknown, name: string): void {
    if (!/^[\w-][\w.-]*$/.test(this.text(value, name))) this.fail(`${name} is no name of a file beside it`);
  }

  whole(value: unknown, name: string, least: number, greatest: number): number {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > greatest)
      this.fail(`${name} is ${String(value)}, not a whole number from ${least} to ${greatest}`);
    return value as number;
  }
}
