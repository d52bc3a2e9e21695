/**
 * What `octavo compile` says of its files: which there are, where everything goes in memory, and what the calls are. The runtime
 * reads it from JSON, so nothing in it is trusted (see check-manifest.ts).
 */

export type ElementType = 'float32' | 'uint8' | 'int8' | 'bool' | 'int64' | 'int32';

/** How pixels of 0 to 255 become what the input takes: f32(f32(f32(pixel * scale) - mean) / std), then codes where it has them. */
export interface CompiledImage {
  readonly layout: 'nchw' | 'nhwc';
  /** `grey`: ITU-R 601 luma of the pixel, as the data readers form it. */
  readonly channels: 'rgb' | 'bgr' | 'grey';
  readonly scale: number;
  /** R, G, B, whatever the order of the channels. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** An input or output as the caller knows it and as it lies in memory. */
export interface CompiledPort {
  readonly name: string;
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  /** Address of element 0. */
  readonly at: number;
  /** Bytes a step along each dim. */
  readonly strides: readonly number[];
  /** Of codes: real = scale * (code - zeroPoint). Codes of int8 are stored as u8, 128 higher. */
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
  /** Of an input of [1, C, H, W] or [1, H, W, C] that takes images, where the compiler was told how. */
  readonly image?: CompiledImage;
}

/** One call of a kernel, for profiles. */
export interface CompiledCall {
  readonly node: string;
  readonly op: string;
  /** Place in `kernels`. */
  readonly kernel: number;
  /** Multiply-accumulates; absent for what moves or looks up. */
  readonly macs?: number;
  /** Of the blocks of the arena it works on: what decides, where there are no macs, whether threads share it. */
  readonly bytes?: number;
  /** The variant whose kernel does something; in the other there is no work. */
  readonly onlyIn?: 'relaxed' | 'baseline';
}

export interface CompiledModule {
  readonly file: string;
  readonly sha256: string;
}

/** The network for one set of sizes. */
export interface CompiledProgram {
  /** Sizes that were given names in the model: { N: 1, H: 224 }. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Headers and the list of calls: bytes of the weights file, and where they go. */
  readonly image: { readonly offset: number; readonly bytes: number; readonly at: number };
  /** Address of the list of calls, which ends where the image does. */
  readonly list: number;
  readonly calls: readonly CompiledCall[];
  /** Memory the program needs in all. */
  readonly memoryBytes: number;
  /** Of that, values between layers; and the least that any plan could need. */
  readonly arenaBytes: number;
  readonly arenaLowerBound: number;
  readonly inputs: readonly CompiledPort[];
  readonly outputs: readonly CompiledPort[];
}

export interface Manifest {
  readonly format: 'octavo-compiled';
  readonly version: 1;
  /** Of the Octavo that compiled it. */
  readonly octavo: string;
  readonly name: string;
  /** By place in the table of the modules. */
  readonly kernels: readonly string[];
  readonly modules: {
    readonly relaxed: CompiledModule;
    readonly baseline: CompiledModule;
    /** The same for a shared memory of at most `sharedPages` pages. */
    readonly relaxedShared: CompiledModule;
    readonly baselineShared: CompiledModule;
  };
  readonly sharedPages: number;
  readonly weights: {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    /** The first part of the file goes here, whatever the sizes; programs follow. */
    readonly constants: { readonly bytes: number; readonly at: number };
  };
  readonly programs: readonly CompiledProgram[];
}
