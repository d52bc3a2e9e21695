/** Whether a manifest is one: every field of the right kind, every address within memory, before anything is loaded by it. */
import { RuntimeError } from './errors.ts';
import { JsonCheck } from './json-check.ts';
import type { CompiledPort, CompiledProgram, ElementType, Manifest } from './manifest.ts';
import { callBytes, firstFreeAddress } from './thread-words.ts';

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

/** The manifest, if the value parsed from JSON is one. Throws FORMAT naming the field that is not. */
export function checkManifest(value: unknown, where: string): Manifest {
  const check = new JsonCheck(where);
  const json = check.object(value, 'it');
  if (json.format !== 'octavo-compiled') check.fail('it is no manifest of a compiled model');
  if (json.version !== 1)
    throw new RuntimeError(
      'FORMAT',
      where,
      'it is not of version 1 of the format, which is what this runtime reads',
      'Compile the model with the same release of octavo that loads it',
    );
  check.text(json.octavo, 'octavo');
  check.text(json.name, 'name');
  for (const [i, kernel] of check.list(json.kernels, 'kernels').entries())
    check.text(kernel, `kernels[${i}]`);
  const modules = check.object(json.modules, 'modules');
  for (const name of ['relaxed', 'baseline', 'relaxedShared', 'baselineShared']) {
    const { file, sha256 } = check.object(modules[name], `modules.${name}`);
    check.file(file, `modules.${name}.file`);
    check.hash(sha256, `modules.${name}.sha256`);
  }
  check.whole(json.sharedPages, 'sharedPages', 1, mostPages);
  const weights = check.object(json.weights, 'weights');
  check.file(weights.file, 'weights.file');
  const bytes = check.whole(weights.bytes, 'weights.bytes', 0, most);
  check.hash(weights.sha256, 'weights.sha256');
  const constants = check.object(weights.constants, 'weights.constants');
  check.whole(constants.bytes, 'weights.constants.bytes', 0, bytes);
  check.whole(constants.at, 'weights.constants.at', firstFreeAddress, most);
  const programs = check.list(json.programs, 'programs');
  if (programs.length === 0) check.fail('programs is empty');
  const manifest = value as Manifest;
  for (const [i, program] of programs.entries()) checkProgram(check, program, manifest, `programs[${i}]`);
  return manifest;
}

function checkProgram(check: JsonCheck, value: unknown, manifest: Manifest, name: string): void {
  const json = check.object(value, name);
  const sizes = check.object(json.sizes, `${name}.sizes`);
  for (const [size, number] of Object.entries(sizes)) check.whole(number, `${name}.sizes.${size}`, 0, most);
  const memory = check.whole(json.memoryBytes, `${name}.memoryBytes`, 1, manifest.sharedPages * 65536);
  const { constants, bytes: weights } = manifest.weights;
  const image = check.object(json.image, `${name}.image`);
  const bytes = check.whole(image.bytes, `${name}.image.bytes`, 0, weights);
  check.whole(image.offset, `${name}.image.offset`, constants.bytes, weights - bytes);
  const at = check.whole(image.at, `${name}.image.at`, constants.at + constants.bytes, memory - bytes);
  const calls = check.list(json.calls, `${name}.calls`);
  for (const [i, call] of calls.entries()) {
    const json = check.object(call, `${name}.calls[${i}]`);
    check.text(json.node, `${name}.calls[${i}].node`);
    check.text(json.op, `${name}.calls[${i}].op`);
    check.whole(json.kernel, `${name}.calls[${i}].kernel`, 0, manifest.kernels.length - 1);
    if (json.onlyIn !== undefined)
      check.one(json.onlyIn, `${name}.calls[${i}].onlyIn`, ['relaxed', 'baseline']);
    for (const work of ['macs', 'bytes'] as const)
      if (json[work] !== undefined)
        check.whole(json[work], `${name}.calls[${i}].${work}`, 0, Number.MAX_SAFE_INTEGER);
  }
  const list = check.whole(json.list, `${name}.list`, at, memory);
  if (list % 4 !== 0 || list + callBytes * calls.length !== at + bytes)
    check.fail(`${name}.list is not the end of its image`);
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

function checkPort(check: JsonCheck, value: unknown, memory: number, name: string): void {
  const json = check.object(value, name);
  check.text(json.name, `${name}.name`);
  const dtype = check.one(json.dtype, `${name}.dtype`, Object.keys(elementBytes) as ElementType[]);
  const bytes = elementBytes[dtype];
  const dims = check.list(json.dims, `${name}.dims`).map((d) => check.whole(d, `${name}.dims`, 0, most));
  const strides = check
    .list(json.strides, `${name}.strides`)
    .map((s) => check.whole(s, `${name}.strides`, 0, most));
  if (dims.length > mostRank || strides.length !== dims.length) check.fail(`${name} has no such rank`);
  const at = check.whole(json.at, `${name}.at`, firstFreeAddress, memory);
  if (at % bytes !== 0 || strides.some((s) => s % bytes !== 0))
    check.fail(`${name} lies at no multiple of its type`);
  const last = dims.reduce((end, d, i) => end + Math.max(0, d - 1) * strides[i]!, at);
  if (dims.every((d) => d > 0) && last + bytes > memory) check.fail(`${name} ends behind the memory`);
  // Strides of 0 repeat elements: the caller's array is not bounded by the memory.
  if (dims.reduce((n, d) => n * d, bytes) > memory) check.fail(`${name} is larger than the memory`);
  if (json.codes !== undefined) checkCodes(check, json.codes, dtype, `${name}.codes`);
  if (json.image !== undefined) checkImage(check, json.image, value as CompiledPort, `${name}.image`);
}

function checkCodes(check: JsonCheck, value: unknown, dtype: ElementType, name: string): void {
  const codes = check.object(value, name);
  if (!(check.number(codes.scale, `${name}.scale`) > 0)) check.fail(`${name}.scale is no scale`);
  if (dtype === 'int8') check.whole(codes.zeroPoint, `${name}.zeroPoint`, -128, 127);
  else if (dtype === 'uint8') check.whole(codes.zeroPoint, `${name}.zeroPoint`, 0, 255);
  else check.fail(`${name} are of ${dtype}`);
}

function checkImage(
  check: JsonCheck,
  value: unknown,
  { dtype, dims, codes }: CompiledPort,
  name: string,
): void {
  const json = check.object(value, name);
  const layout = check.one(json.layout, `${name}.layout`, ['nchw', 'nhwc']);
  const channels = check.one(json.channels, `${name}.channels`, ['rgb', 'bgr', 'grey']);
  check.number(json.scale, `${name}.scale`);
  for (const triple of ['mean', 'std'] as const) {
    const numbers = check.list(json[triple], `${name}.${triple}`);
    if (numbers.length !== 3) check.fail(`${name}.${triple} are not three numbers`);
    for (const number of numbers) check.number(number, `${name}.${triple}`);
  }
  const wanted = channels === 'grey' ? 1 : 3;
  if (dims.length !== 4 || dims[0] !== 1 || dims[layout === 'nchw' ? 1 : 3] !== wanted)
    check.fail(`${name} is not that of [${dims.join(', ')}]`);
  if (dtype !== 'float32' && dtype !== 'uint8' && codes === undefined)
    check.fail(`${name} is that of ${dtype}`);
}
