/**
 * How an operator becomes calls of kernels. Each file here lowers a family; index.ts lists them. Lowering sees static shapes,
 * views of memory that is planned later, and constants; it decides nothing about layouts but what it asks for.
 */
import type { Node, QuantParams, Tensor } from '../../ir/index.ts';
import type { Fields, Kernel } from '../kernels/kernel.ts';

/** A place in memory before memory is planned. */
export interface Address {
  readonly space: 'constants' | 'arena';
  /** Which block of the space. */
  readonly block: number;
  /** Bytes from its start; may be negative only within a view's halo. */
  readonly offset: number;
}

export function behind(address: Address, bytes: number): Address {
  return { ...address, offset: address.offset + bytes };
}

/** Codes as they lie in memory: always u8. int8 codes are stored 128 higher, zero point and all. */
export interface StoredCodes {
  readonly scale: number;
  /** Of the stored codes: 0 to 255. */
  readonly zero: number;
}

/** A tensor in memory. Element [i, j, ...] lies at `at` + i * strides[0] + j * strides[1] + ... */
export interface View {
  readonly at: Address;
  /** In ONNX's order (N, C, H, W), whatever the strides. */
  readonly dims: readonly number[];
  /** Bytes, parallel to dims. */
  readonly strides: readonly number[];
  readonly element: 'u8' | 'f32' | 'i64';
  /** Of codes (`element` u8); absent for bool and plain uint8. */
  readonly codes: StoredCodes | undefined;
}

/** Cells of the stored zero point around the spatial axes of a channels-last view: padding that costs no branch. */
export interface Halo {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface LowerContext {
  readonly node: Node;
  readonly opset: number;
  readonly inputCount: number;
  has(input: number): boolean;
  /** The input in memory, a constant one too (dense, in the constants). */
  input(index: number): View;
  /** The input's value where it is known while compiling. */
  constant(index: number): Tensor | undefined;
  /** The parameters as the model has them (weights keep their own dtype and axis). */
  inputQuant(index: number): QuantParams | undefined;
  outputQuant(index: number): QuantParams | undefined;
  output(index: number): View;
  /** Bytes that every run reads: packed weights, tables. */
  constants(bytes: Uint8Array, alignment?: number): Address;
  /** Room that nothing but this node's own calls uses. */
  scratch(bytes: number): Address;
  /** Appends a call. `units` is the size of its work: the kernel may be called for parts of it. */
  call<F extends Fields>(
    kernel: Kernel<F>,
    params: { readonly [K in keyof F]: number | Address },
    units: number,
    work?: { readonly macs?: number },
  ): void;
  /** Throws UNSUPPORTED naming node and operator. `what` begins in lower case and says what there is no kernel for. */
  refuse(what: string): never;
}

export interface Lowering {
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain?: string;
  /** Whether the node is one of those it lowers. Absent: every one of the operator. */
  takes?(context: LowerContext): boolean;
  lower(context: LowerContext): void;
  /**
   * `channels-last` where codes of rank 3 or 4 must lie channel by channel within a pixel: stride 1 along axis 1, the stride of a
   * pixel a multiple of 8 with room for as many channels, rows of pixels behind one another with the halo between. The
   * default takes any strides.
   */
  readonly layout?: 'channels-last';
  /** Whether input 0, with at most four channels, may have pixels of four bytes instead of eight. Absent: no. */
  narrow?(node: Node): boolean;
  /** Padding that input 0 must have around it, where its layout is channels-last. */
  halo?(context: HaloContext): Halo | undefined;
}

/** What is known when halos are decided. */
export interface HaloContext {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: readonly (readonly number[] | undefined)[];
  constant(index: number): Tensor | undefined;
}
