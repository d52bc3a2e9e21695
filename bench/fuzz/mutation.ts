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
import type { Proto } from './proto.ts';
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

/** The seeds of one model are not those of another: what is found with either is not found twice. */
export function mutationOf(specimen: Specimen, seed: number): Mutation {
  const dice = diceOf(seed ^ crc32(new TextEncoder().encode(specimen.name)));
  const piece = (): Proto => cutWindow(specimen.proto, specimen.types, dice);
  if (dice.chance(0.25)) {
    const sound = specimen.inPieces ? encodeProto('ModelProto', piece()) : specimen.bytes;
    return { ...damageBytes(sound, dice), dice };
  }
  const model = specimen.inPieces ? piece() : cloneProto(specimen.proto);
  const done: string[] = [];
  for (let n = dice.pick([1, 1, 1, 2, 2, 4]); n > 0; n--) {
    const [name, mutate] = dice.pick(dice.pick(families));
    mutate(model, dice);
    done.push(name);
  }
  return { bytes: encodeProto('ModelProto', model), what: done.join(', '), dice };
}
