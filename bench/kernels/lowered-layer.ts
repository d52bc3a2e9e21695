// One layer lowered as compiling does, in a memory of its own, ready to be called.

import { lcg } from '../../src/base/random.ts';
import type { Kernel, Variant } from '../../src/compile/kernels/kernel.ts';
import { writeHeader } from '../../src/compile/kernels/kernel.ts';
import { loweringOf } from '../../src/compile/lowering/index.ts';
import type { Address, Halo, LowerContext, View } from '../../src/compile/lowering/lowering.ts';
import { assembleModule, callBytes } from '../../src/compile/module.ts';
import type { Node } from '../../src/ir/index.ts';
import { attr, perChannel, perTensor, Tensor } from '../../src/ir/index.ts';
import type { Layer } from './layers.ts';

export interface ReadyLayer {
  run(): void;
  readonly kernels: readonly string[];
}

export function readyLayer(layer: Layer, variant: Variant): ReadyLayer {
  const room = new Room();
  const calls: { kernel: Kernel; params: Readonly<Record<string, number | Address>>; units: number }[] = [];
  lower(layer, room, (kernel, params, units) => calls.push({ kernel, params, units }));
  const headers = calls.map(({ kernel, params }) => {
    const numbers = Object.entries(params).map(([name, v]) => [name, typeof v === 'number' ? v : v.offset]);
    return room.constants(writeHeader(kernel, Object.fromEntries(numbers)));
  });
  const kernels = [...new Set(calls.map((c) => c.kernel))];
  const list = Int32Array.from(
    calls.flatMap(({ kernel, units }, i) => [kernels.indexOf(kernel), headers[i]!.offset, units, 0]),
  );
  const at = room.constants(new Uint8Array(list.buffer));
  const memory = room.memory();
  const module = new WebAssembly.Module(assembleModule(kernels, { variant }));
  const { exports } = new WebAssembly.Instance(module, { octavo: { memory } });
  const run = exports.run as (list: number, calls: number) => void;
  return {
    run: () => run(at.offset, list.length / (callBytes / 4)),
    kernels: kernels.map((k) => k.name),
  };
}

function lower(
  layer: Layer,
  room: Room,
  call: (kernel: Kernel, params: Readonly<Record<string, number | Address>>, units: number) => void,
): void {
  const { size, inputs, outputs, kernel, stride, depthwise } = layer;
  const pad = kernel >> 1;
  const node: Node = {
    name: layer.name,
    op: 'Conv',
    domain: '',
    inputs: ['x', 'w', 'b'],
    outputs: ['y'],
    attributes: new Map([
      ['strides', attr.ints([stride, stride])],
      ['pads', attr.ints([pad, pad, pad, pad])],
      ['group', attr.int(depthwise ? inputs : 1)],
    ]),
  };
  const next = lcg(layer.size * 7 + inputs);
  const perFilter = depthwise ? 1 : inputs;
  const places = perFilter * kernel * kernel;
  const weights = Int8Array.from({ length: outputs * places }, () => Math.floor(next() * 255) - 127);
  const constants = [
    undefined,
    Tensor.of('int8', [outputs, perFilter, kernel, kernel], weights),
    Tensor.of('int32', [outputs], new Int32Array(outputs).fill(500)),
  ];
  const scales = Array.from({ length: outputs }, () => 0.01);
  const quants = [
    perTensor('uint8', 0.02, 0, 'x'),
    perChannel('int8', scales, 0, 'w'),
    perChannel(
      'int32',
      scales.map((s) => Math.fround(0.02) * Math.fround(s)),
      0,
      'b',
    ),
  ];
  const quantOut = perTensor('uint8', Math.sqrt(places) * 0.2, 0, 'y');
  const lowering = loweringOf(node)!;
  const dims = [1, inputs, size, size];
  const halo = lowering.halo!({ node, opset: 17, inputs: [dims], constant: (i) => constants[i] })!;
  const from = room.image(dims, halo, next);
  const side = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const to = room.image([1, outputs, side, side], { top: 0, left: 0, bottom: 0, right: 0 }, next);
  const context: LowerContext = {
    node,
    opset: 17,
    inputCount: 3,
    has: (i) => i < 3,
    input: () => ({ ...from, codes: { scale: quants[0]!.scales[0]!, zero: 0 } }),
    constant: (i) => constants[i],
    inputQuant: (i) => quants[i],
    outputQuant: () => quantOut,
    output: () => ({ ...to, codes: { scale: quantOut.scales[0]!, zero: 0 } }),
    constants: (bytes, alignment) => room.constants(bytes, alignment),
    scratch: (bytes) => room.take(bytes, 64),
    call: (one, params, units) => call(one as unknown as Kernel, params, units),
    refuse: (what) => {
      throw new Error(what);
    },
  };
  lowering.lower(context);
}

/** Memory laid out front to back. */
class Room {
  #bytes = new Uint8Array(1 << 24);
  #at = 1024;

  take(bytes: number, alignment: number): Address {
    const offset = Math.ceil(this.#at / alignment) * alignment;
    this.#at = offset + bytes + 64;
    if (this.#at > this.#bytes.length) throw new RangeError('the layer is too large for this benchmark');
    return { space: 'arena', block: 0, offset };
  }

  constants(bytes: Uint8Array, alignment = 16): Address {
    const at = this.take(bytes.length, alignment);
    this.#bytes.set(bytes, at.offset);
    return at;
  }

  image(dims: readonly number[], halo: Halo, next: () => number): View {
    const [, c, h, w] = dims as [number, number, number, number];
    const pixel = c <= 4 ? 4 : Math.ceil(c / 8) * 8;
    const row = (halo.left + w + halo.right) * pixel;
    const image = (halo.top + h + halo.bottom) * row;
    const at = this.take(image, 64);
    for (let i = 0; i < image; i++) this.#bytes[at.offset + i] = next() * 256;
    return {
      at: { ...at, offset: at.offset + halo.top * row + halo.left * pixel },
      dims,
      strides: [image, 1, row, pixel],
      element: 'u8',
      codes: undefined,
    };
  }

  memory(): WebAssembly.Memory {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(this.#at / 65536) });
    new Uint8Array(memory.buffer).set(this.#bytes.subarray(0, this.#at));
    return memory;
  }
}
