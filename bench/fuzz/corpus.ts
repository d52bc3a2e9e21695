/** The models that are mutated: the demo model and a hand-made one that every clone has, and the real ones beside the project. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { dtypes, shapeOf } from '../../src/ir/index.ts';
import { inferTypes } from '../../src/ops/infer-types.ts';
import { decodeProto } from '../../test/support/onnx-proto.ts';
import { handMade } from './hand-made.ts';
import type { Proto } from './proto.ts';
import { graphOf, valuesOf } from './proto.ts';

const root = process.env.OCTAVO_ROOT ?? dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const shared = join(root, '../shared/models');

const piecesSuffix = '/pieces';

export interface Specimen {
  readonly name: string;
  /** Mutations are of pieces cut out of it, not of the whole file. */
  readonly inPieces: boolean;
  readonly bytes: Uint8Array;
  readonly proto: Proto;
  /** TypeProtos of its values, for pieces cut out of it. */
  readonly types: ReadonlyMap<string, Proto>;
}

/** Names for `--model`, in the order they are run. */
export function specimenNames(): readonly string[] {
  const real = existsSync(shared) ? readdirSync(shared).filter((n) => n.endsWith('.onnx')) : [];
  const models = ['hand-made', 'fashion-mnist', ...real.map((n) => basename(n, '.onnx')).sort()];
  return models.flatMap((name) => [name, `${name}${piecesSuffix}`]);
}

export function specimen(name: string): Specimen {
  const inPieces = name.endsWith(piecesSuffix);
  const bytes = bytesOf(inPieces ? name.slice(0, -piecesSuffix.length) : name);
  const proto = decodeProto('ModelProto', bytes);
  return { name, inPieces, bytes, proto, types: typesOf(bytes, proto) };
}

function bytesOf(model: string): Uint8Array {
  if (model === 'hand-made') return handMade();
  const demo = join(root, 'examples/fashion-mnist/model.onnx');
  return new Uint8Array(readFileSync(model === 'fashion-mnist' ? demo : join(shared, `${model}.onnx`)));
}

function typesOf(bytes: Uint8Array, proto: Proto): ReadonlyMap<string, Proto> {
  const table = inferTypes(readOnnx(bytes));
  const types = new Map<string, Proto>();
  for (const name of valuesOf(graphOf(proto))) {
    const type = table.get(name);
    if (type?.kind !== 'tensor') continue;
    const dim = shapeOf(type)?.map((d) =>
      d === null ? {} : typeof d === 'number' ? { dim_value: d } : { dim_param: d },
    );
    const shape = dim === undefined ? {} : { shape: { dim } };
    types.set(name, { tensor_type: { elem_type: dtypes[type.dtype].onnx, ...shape } });
  }
  return types;
}
