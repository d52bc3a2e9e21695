/** ModelProto to Model: the reader's front door. */
import type { ByteRange, ByteSource } from '../../base/bytes.ts';
import { bufferSource } from '../../base/bytes.ts';
import type { FormatProblem } from '../../base/errors.ts';
import { FormatError } from '../../base/errors.ts';
import type { Graph, Model, ModelFunction } from '../../ir/index.ts';
import { verify } from '../../ir/index.ts';
import { ModelProto } from '../../wire/onnx-schema.ts';
import { looksLike } from './looks-like.ts';
import { readFunction } from './read-function.ts';
import { readGraph } from './read-graph.ts';
import { addOpset, readOpset } from './read-opset.ts';
import { readStringEntry } from './read-tensor.ts';
import type { ExternalData } from './reading.ts';
import { EnoughProblems, integerOf, Reading, spanOf } from './reading.ts';
import { OnnxRecord } from './record.ts';

export interface ReadOnnxOptions {
  /** What messages call the file. */
  readonly name?: string;
  /**
   * Opens an external data file by its location, which is relative to the model and stays in its folder. Asked once
   * a location. Without it a model with external data can be read, but its tensors there cannot be looked at.
   */
  readonly externalData?: ExternalData;
}

/**
 * Reads an ONNX model. Weights are not read before they are looked at: they stay ranges of `input`, which must not be
 * changed while the model is in use. Node names are made unique, nodes are put in order.
 * Throws FormatError with every problem found (at most 50), or INVALID_GRAPH when the bytes are right but the graph is not.
 */
export function readOnnx(input: Uint8Array | ByteSource, options: ReadOnnxOptions = {}): Model {
  const inMemory = input instanceof Uint8Array;
  const source = inMemory ? bufferSource(input) : input;
  const file = options.name ?? 'the ONNX model';
  const reading = new Reading(source, inMemory ? Math.max(1, source.size) : undefined, options.externalData);
  let model: Model | undefined;
  try {
    model = readModel(reading);
  } catch (error) {
    if (!(error instanceof EnoughProblems)) throw error;
  }
  if (model === undefined || reading.problems.length > 0) throw formatError(file, source, reading.problems);
  verify(model.graph, `reading ${file}`);
  for (const fn of model.functions) verify(bodyOf(fn), `reading ${file}, function ${fn.domain}.${fn.name}`);
  return model;
}

function readModel(reading: Reading): Model | undefined {
  const span = { start: 0, end: reading.source.size };
  let graph: Graph | undefined;
  let irVersion: number | undefined;
  let producerName = '';
  let producerVersion = '';
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const functions: ModelFunction[] = [];
  const extras: ByteRange[] = [];
  for (const field of reading.fields(ModelProto, span)) {
    switch (field.name) {
      case 'ir_version':
        irVersion = integerOf(reading, field);
        break;
      case 'producer_name':
        producerName = reading.text(field);
        break;
      case 'producer_version':
        producerVersion = reading.text(field);
        break;
      case 'graph':
        graph = reading.within('graph', () => readGraph(reading, field));
        break;
      case 'opset_import':
        addOpset(reading, field, { opsets, opset: readOpset(reading, spanOf(field)) });
        break;
      case 'metadata_props': {
        const [key, value] = readStringEntry(reading, spanOf(field));
        metadata.set(key, value);
        break;
      }
      case 'functions': {
        const fn = reading.within(`functions[${functions.length}]`, () => readFunction(reading, field));
        functions.push(fn);
        break;
      }
      default:
        extras.push(reading.whole(field));
    }
  }
  if (graph === undefined) {
    reading.problem(0, 'it holds no graph');
    return undefined;
  }
  if (irVersion === undefined || irVersion < 1) reading.problem(0, 'it states no IR version');
  // Before IR version 3 there was one operator set, so files of then do not name it.
  if (opsets.size === 0 && irVersion !== undefined && irVersion < 3) opsets.set('', 1);
  if (opsets.size === 0) reading.problem(0, 'it states no operator set');
  const made = {
    graph,
    irVersion: irVersion ?? 0,
    opsets,
    producerName,
    producerVersion,
    metadata,
    functions,
    extras,
  };
  const range = { source: reading.source, offset: 0, length: reading.source.size };
  return { ...made, source: new OnnxRecord(range, made, reading.externalTensors > 0) };
}

/** A function's body as a graph, to check it by the same rules. */
function bodyOf(fn: ModelFunction): Graph {
  const port = (name: string) => ({ name, type: { kind: 'opaque' } as const });
  return {
    name: fn.name,
    inputs: fn.inputs.map(port),
    outputs: fn.outputs.map(port),
    nodes: fn.nodes,
    initializers: new Map(),
    types: new Map(),
    sparse: new Map(),
    extras: [],
  };
}

function formatError(file: string, source: ByteSource, problems: readonly FormatProblem[]): FormatError {
  const other = looksLike(source);
  if (other === undefined)
    return new FormatError(
      file,
      problems,
      'Export or download the model again; onnx.checker in Python says what else is wrong with it',
    );
  // What the parser met in it says nothing more.
  return new FormatError(file, [{ offsetBytes: 0, path: '', what: other.what }], other.remedy);
}
