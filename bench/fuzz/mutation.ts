/** One mutation of a model, made from its seed alone. */
import protobuf from 'protobufjs';
import { crc32 } from '../../src/calibrate/crc32.ts';
import { encodeProto } from '../../test/support/onnx-proto.ts';
import type { Specimen } from './corpus.ts';
import type { Dice } from './dice.ts';
import { diceOf } from './dice.ts';
import { insertMutators } from './insert-operators.ts';
import { attributeMutators } from './mutate-attributes.ts';
import { damageBytes } from './mutate-bytes.ts';
import { graphMutators } from './mutate-graph.ts';
import { headerMutators } from './mutate-header.ts';
import { tensorMutators } from './mutate-tensors.ts';
import { cloneProto } from './proto.ts';
import { cutWindow } from './window.ts';

// Bodies nested beyond what protobufjs writes by itself are part of the game.
protobuf.util.recursionLimit = 5000;

export interface Mutation {
  readonly bytes: Uint8Array;
  /** What was done, in order. */
  readonly what: string;
  /** Choices of the run that follows. */
  readonly dice: Dice;
}

/** A family is as likely as another, however many mutators it has. */
const families = [
  graphMutators,
  attributeMutators,
  attributeMutators,
  tensorMutators,
  headerMutators,
  insertMutators,
  insertMutators,
].map((family) => Object.entries(family));

/** A whole model takes long: large ones are mostly mutated in pieces. */
const wholeShare = (specimen: Specimen): number => (specimen.bytes.length < 200_000 ? 0.4 : 0.04);

export function mutationOf(specimen: Specimen, seed: number): Mutation {
  const dice = diceOf(seed ^ crc32(new TextEncoder().encode(specimen.name)));
  const whole = dice.chance(wholeShare(specimen));
  const sound = (): Uint8Array =>
    whole ? specimen.bytes : encodeProto('ModelProto', cutWindow(specimen.proto, specimen.types, dice));
  const scope = whole ? 'whole' : 'window';
  if (dice.chance(0.2)) {
    const damaged = damageBytes(sound(), dice);
    return { bytes: damaged.bytes, what: `${scope}: ${damaged.what}`, dice };
  }
  const model = whole ? cloneProto(specimen.proto) : cutWindow(specimen.proto, specimen.types, dice);
  const done: string[] = [];
  for (let n = dice.pick([1, 1, 1, 2, 2, 4]); n > 0; n--) {
    const [name, mutate] = dice.pick(dice.pick(families));
    mutate(model, dice);
    done.push(name);
  }
  return { bytes: encodeProto('ModelProto', model), what: `${scope}: ${done.join(', ')}`, dice };
}
