/** The interpreter as an engine: where no onnxruntime is, and where one must be checked by another. */
import { OctavoError } from '../../base/errors.ts';
import { readOnnx } from '../../formats/onnx/index.ts';
import type { Model, Port } from '../../ir/index.ts';
import { dtypeOf, requiredInputs, shapeOf } from '../../ir/index.ts';
import { absorbQdq } from '../../passes/absorb-qdq.ts';
import { version } from '../../version.ts';
import type { Engine, Session, SessionPort } from '../engine.ts';
import { givingWay } from '../give-way.ts';
import { interpret } from './interpret.ts';

export interface ReferenceEngineOptions {
  /** How INT8 files are run. Default `int8`. */
  readonly arithmetic?: 'int8' | 'fake';
}

/**
 * With `arithmetic: 'int8'` (default) DequantizeLinear, operator, QuantizeLinear become one operator on codes, as engines
 * fuse them; with `fake` the file is run as written. Takes bytes; paths and models over 2 GB throw ENGINE.
 */
export function referenceEngine(options: ReferenceEngineOptions = {}): Engine {
  const arithmetic = options.arithmetic ?? 'int8';
  const name = `octavo reference ${version} (${arithmetic})`;
  return {
    name,
    async load(file) {
      if (!(file instanceof Uint8Array))
        throw new OctavoError({
          code: 'ENGINE',
          where: name,
          what: 'it takes models from memory alone',
          remedy: 'Use onnxruntime for large models',
        });
      const model = readOnnx(file);
      return givingWay(sessionOf(arithmetic === 'int8' ? absorbQdq.run(model) : model, arithmetic));
    },
  };
}

function sessionOf(model: Model, arithmetic: 'int8' | 'fake'): Session {
  return {
    inputs: requiredInputs(model.graph).map(portOf),
    outputs: model.graph.outputs.map(portOf),
    run: async (feeds, fetch) => interpret(model, feeds, fetch, { arithmetic }),
    dispose: async () => {},
  };
}

function portOf({ name, type }: Port): SessionPort {
  return { name, dtype: dtypeOf(type) ?? 'float32', shape: shapeOf(type) ?? [] };
}
