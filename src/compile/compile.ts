/**
 * From an INT8 model to the files that run it without an engine: modules of kernels in two variants, weights, and a manifest
 * that says what lies where.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Note } from '../base/errors.ts';
import { OctavoError } from '../base/errors.ts';
import type { ImageOptions } from '../calibrate/images/index.ts';
import { normalizationOf, preprocessingFor } from '../calibrate/images/index.ts';
import type { Model, Port } from '../ir/index.ts';
import { tensorType } from '../ir/index.ts';
import type {
  CompiledModule,
  CompiledPort,
  CompiledProgram,
  ElementType,
  Manifest,
} from '../runtime/manifest.ts';
import { version } from '../version.ts';
import { codesAtDoors } from './codes-at-doors.ts';
import { functionsOfCodes } from './functions-of-codes.ts';
import type { Kernel } from './kernels/kernel.ts';
import { headerLayout, writeHeader } from './kernels/kernel.ts';
import { type LoweredGraph, lowerGraph } from './lower-graph.ts';
import type { Address, View } from './lowering/lowering.ts';
import { assembleModule, callBytes } from './module.ts';
import { readyGraph } from './ready-graph.ts';
import { ConstantStore } from './storage.ts';

export interface CompileOptions {
  /**
   * Sizes for names in the model, e.g. `[{ N: 1, H: 224 }]`; several sets share the weights. Default: an open first axis is 1.
   */
  readonly sizes?: readonly Readonly<Record<string, number>>[];
  /** What the manifest calls the network; default: the graph's name. */
  readonly name?: string;
  /**
   * How images become numbers, as the model was trained with them: the runtime then takes `ImageData` for its one input, or for
   * those of rank 4. Sizes and crops do not matter here.
   */
  readonly images?: ImageOptions;
  /**
   * Inputs and outputs are codes (uint8 or int8, by the scale and zero point in their metadata) where the network begins and ends with
   * codes. Those that it works on as real numbers stay float32, and `notes` say why. Default: all are as in the model.
   */
  readonly quantizedIo?: boolean;
}

export interface CompiledModel {
  readonly manifest: Manifest;
  /** By name, `model.json` too. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly notes: readonly Note[];
}

export const manifestName = 'model.json';
const weightsName = 'weights.bin';
const moduleNames = {
  relaxed: 'relaxed.wasm',
  baseline: 'baseline.wasm',
  relaxedShared: 'relaxed.threads.wasm',
  baselineShared: 'baseline.threads.wasm',
} as const;

/** Below lies nothing: an address of 0 is a fault. */
const constantsAt = 1024;
const pageBytes = 65536;
const addressable = 2 ** 32 - pageBytes;

/**
 * Throws UNSUPPORTED naming nodes without a kernel, types and shapes that are not compiled; INVALID_ARGUMENT for sizes that the
 * model does not have.
 */
export function compileModel(model: Model, options: CompileOptions = {}): CompiledModel {
  const constants = new ConstantStore();
  const sets = options.sizes ?? [{}];
  const ready = sets.map((sizes) => {
    const graph = readyGraph(model, sizes);
    return options.quantizedIo === true ? codesAtDoors(graph) : { graph, notes: [] };
  });
  const lowered = ready.map(({ graph }) => lowerGraph(functionsOfCodes(graph), constants));
  const kernels = [...new Set(lowered.flatMap((graph) => graph.calls.map((c) => c.kernel)))];
  const imageAt = aligned(constantsAt + constants.bytes);
  const made = lowered.map((graph) => program(graph, kernels, constants, imageAt, options.images));
  const parts = [constants.finish(), ...made.map((m) => m.image)];
  const weights = joined(parts);
  let offset = parts[0]!.length;
  const programs = made.map(({ image, finish }) => {
    const one = finish(offset);
    offset += image.length;
    return one;
  });
  const sharedPages = Math.ceil(Math.max(...programs.map((p) => p.memoryBytes)) / pageBytes);
  const modules = {
    relaxed: assembleModule(kernels, { variant: 'relaxed' }),
    baseline: assembleModule(kernels, { variant: 'baseline' }),
    relaxedShared: assembleModule(kernels, { variant: 'relaxed', sharedPages }),
    baselineShared: assembleModule(kernels, { variant: 'baseline', sharedPages }),
  };
  const named = (which: keyof typeof modules): CompiledModule => ({
    file: moduleNames[which],
    sha256: hashOf(modules[which]),
  });
  const manifest: Manifest = {
    format: 'octavo-compiled',
    version: 1,
    octavo: version,
    name: options.name ?? model.graph.name,
    kernels: kernels.map((k) => k.name),
    modules: {
      relaxed: named('relaxed'),
      baseline: named('baseline'),
      relaxedShared: named('relaxedShared'),
      baselineShared: named('baselineShared'),
    },
    sharedPages,
    weights: {
      file: weightsName,
      bytes: weights.length,
      sha256: hashOf(weights),
      constants: { bytes: constants.bytes, at: constantsAt },
    },
    programs,
  };
  const files = new Map<string, Uint8Array<ArrayBuffer>>([
    [manifestName, new TextEncoder().encode(`${JSON.stringify(manifest)}\n`)],
    [weightsName, weights],
  ]);
  for (const which of Object.keys(modules) as (keyof typeof modules)[])
    files.set(moduleNames[which], modules[which]);
  return { manifest, files, notes: distinct(ready.flatMap((r) => r.notes)) };
}

/** What is said of one set of sizes is said of the others too. */
function distinct(notes: readonly Note[]): readonly Note[] {
  return [...new Map(notes.map((note) => [JSON.stringify(note), note])).values()];
}

const hashOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

interface MadeProgram {
  readonly image: Uint8Array<ArrayBuffer>;
  /** With the image's place in the weights file. */
  finish(offset: number): CompiledProgram;
}

function program(
  { graph, calls, arena, inputs, outputs }: LoweredGraph,
  kernels: readonly Kernel[],
  constants: ConstantStore,
  imageAt: number,
  images: ImageOptions | undefined,
): MadeProgram {
  const plan = arena.plan();
  const headers = headerPlaces(calls.map((c) => c.kernel));
  const listAt = imageAt + headers.bytes;
  const imageBytes = headers.bytes + calls.length * callBytes;
  const arenaAt = aligned(imageAt + imageBytes);
  const memoryBytes = arenaAt + plan.bytes;
  if (memoryBytes > addressable)
    throw new OctavoError({
      code: 'UNSUPPORTED',
      where: `graph '${graph.name}'`,
      what: `it needs ${memoryBytes} bytes of memory, and WebAssembly addresses 4 GB`,
      remedy: 'Give smaller sizes (--dim)',
    });
  const absolute = (address: Address): number =>
    address.space === 'constants'
      ? constantsAt + constants.offsetOf(address)
      : arenaAt + plan.offsets[address.block]! + address.offset;
  const image = new Uint8Array(imageBytes);
  const list = new DataView(image.buffer, headers.bytes);
  for (const [i, { kernel, params, units }] of calls.entries()) {
    const numbers = Object.entries(params).map(
      ([name, value]) => [name, typeof value === 'number' ? value : absolute(value)] as const,
    );
    image.set(writeHeader(kernel, Object.fromEntries(numbers)), headers.offsets[i]!);
    list.setInt32(i * callBytes, kernels.indexOf(kernel), true);
    list.setInt32(i * callBytes + 4, imageAt + headers.offsets[i]!, true);
    list.setInt32(i * callBytes + 8, units, true);
  }
  const port = ([{ name }, view]: readonly [Port, View]): CompiledPort => ({
    name,
    ...typeAtDoor(graph.value(name).dtype, view, name),
    dims: view.dims,
    at: absolute(view.at),
    strides: view.strides,
  });
  return {
    image,
    finish: (offset) => ({
      sizes: graph.sizes,
      image: { offset, bytes: imageBytes, at: imageAt },
      list: listAt,
      calls: calls.map(({ node, kernel, params, macs }) => ({
        node: node.name,
        op: node.op,
        kernel: kernels.indexOf(kernel),
        ...(macs === undefined ? {} : { macs }),
        ...(kernel.onlyIn === undefined ? {} : { onlyIn: kernel.onlyIn }),
        bytes: arena.bytesOf(Object.values(params)),
      })),
      memoryBytes,
      arenaBytes: plan.bytes,
      arenaLowerBound: plan.lowerBound,
      inputs: inputs.map((input) => ({ ...port(input), ...imageOf(input, images) })),
      outputs: outputs.map(port),
    }),
  };
}

/** Of an input that takes images, where it was said how. */
function imageOf(
  [{ name }, { dims }]: readonly [Port, View],
  images: ImageOptions | undefined,
): Pick<CompiledPort, 'image'> {
  if (images === undefined || normalizationOf(images) === undefined || dims.length !== 4) return {};
  const fixed: Port = { name, type: tensorType('float32', dims) };
  const { layout, channels, scale, mean, std } = preprocessingFor(fixed, images);
  return { image: { layout, channels, scale, mean, std } };
}

function headerPlaces(kernels: readonly Kernel[]): { offsets: readonly number[]; bytes: number } {
  let bytes = 0;
  const offsets = kernels.map((kernel) => {
    const at = bytes;
    bytes += headerLayout(kernel.fields).bytes;
    return at;
  });
  return { offsets, bytes };
}

function typeAtDoor(dtype: string, { codes }: View, name: string): Pick<CompiledPort, 'dtype' | 'codes'> {
  const known: readonly string[] = ['float32', 'uint8', 'int8', 'bool', 'int64'] satisfies ElementType[];
  if (!known.includes(dtype)) throw new RangeError(`port '${name}' is ${dtype}`);
  const door = dtype as ElementType;
  if (codes === undefined) return { dtype: door };
  return { dtype: door, codes: { scale: codes.scale, zeroPoint: codes.zero - (door === 'int8' ? 128 : 0) } };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
