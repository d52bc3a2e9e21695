/**
 * How far a value reaches: behind a Sigmoid or a SiLU everything below about -8 is the same, so codes spent there are
 * lost. A Conv in front of a SiLU often ranges over -60 .. 20; with codes for -8 .. 20 the step is a third.
 */
import type { Graph, Node } from '../ir/index.ts';
import { floatAttr } from '../ir/index.ts';
import { saturatingBounds } from './activation-bounds.ts';
import type { Readers } from './readers.ts';

export interface Reach {
  readonly lo: number;
  readonly hi: number;
}

const everywhere: Reach = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

/** Sigmoid and Tanh beyond these are within 0.0009 and 0.0007 of their ends, under half a step of 8 bits. */
const sigmoidReach: Reach = { lo: -7, hi: 7 };
const tanhReach: Reach = { lo: -4, hi: 4 };
/** x * sigmoid(x) at -8 is -0.0027, and gelu(x) at -4 is -0.0001. */
const siluFloor = -8;
const geluFloor = -4;

/** The interval outside which no reader tells values apart. A value that leaves the model reaches everywhere. */
export function reachOf(value: string, graph: Graph, readers: Readers): Reach {
  if (readers.isOutput(value)) return everywhere;
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const reader of readers.of(value)) {
    const reach = reachIn(reader, value, graph, readers);
    lo = Math.min(lo, reach.lo);
    hi = Math.max(hi, reach.hi);
  }
  return lo < hi ? { lo, hi } : everywhere;
}

function reachIn(reader: Node, value: string, graph: Graph, readers: Readers): Reach {
  // Read in another place than the first, or from a subgraph, it may be anything to the reader.
  if (reader.op !== 'Mul' && reader.inputs.indexOf(value) !== 0) return everywhere;
  switch (reader.op) {
    case 'Sigmoid':
      return sigmoidReach;
    case 'Tanh':
      return tanhReach;
    case 'HardSigmoid':
      return hardSigmoidReach(reader);
    case 'HardSwish':
      return { lo: -3, hi: Number.POSITIVE_INFINITY };
    case 'Gelu':
      return { lo: geluFloor, hi: Number.POSITIVE_INFINITY };
    case 'Relu':
    case 'Clip': {
      const bounds = saturatingBounds(reader, graph);
      return bounds === undefined ? everywhere : { lo: bounds.floor, hi: bounds.ceiling };
    }
    case 'Mul':
      return { lo: gateFloor(reader, value, readers), hi: Number.POSITIVE_INFINITY };
    default:
      return everywhere;
  }
}

/** The slope is alpha, the middle beta: exact. */
function hardSigmoidReach(node: Node): Reach {
  const alpha = floatAttr(node, 'alpha', 0.2);
  const beta = floatAttr(node, 'beta', 0.5);
  return alpha > 0 ? { lo: -beta / alpha, hi: (1 - beta) / alpha } : everywhere;
}

/** x * gate(x): below the gate's own floor the product is next to nothing. */
function gateFloor(product: Node, value: string, readers: Readers): number {
  const other = product.inputs.find((name) => name !== value);
  const gate = readers.of(value).find((r) => r.outputs[0] === other);
  if (gate?.op === 'Sigmoid') return siluFloor;
  if (gate?.op === 'HardSigmoid') return hardSigmoidReach(gate).lo;
  return Number.NEGATIVE_INFINITY;
}
