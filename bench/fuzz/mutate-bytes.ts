/** Damage to the bytes of a file: at the structure, which is a thousandth of a real model, and now and then anywhere. */
import type { Dice } from './dice.ts';

/** Message fields of each message, by number: where the walk goes down. After onnx.proto. */
const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Model: { 7: 'Graph', 8: 'Leaf', 14: 'Leaf', 25: 'Function' },
  Graph: { 1: 'Node', 5: 'Tensor', 11: 'Info', 12: 'Info', 13: 'Info', 15: 'Sparse' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph' },
  Info: { 2: 'Type' },
  Type: { 1: 'TensorType' },
  TensorType: { 2: 'Shape' },
  Shape: { 1: 'Leaf' },
  Function: { 7: 'Node', 9: 'Leaf' },
  Sparse: { 1: 'Tensor', 2: 'Tensor' },
  Tensor: {},
  Leaf: {},
};

interface Place {
  /** Of the tag. */
  readonly start: number;
  /** Of the length or the value behind the tag. */
  readonly at: number;
  /** Of the payload. */
  readonly from: number;
  readonly end: number;
}

/** The fields of a sound file, in order, down to the smallest. */
export function placesOf(bytes: Uint8Array): readonly Place[] {
  const places: Place[] = [];
  const varint = (at: number): readonly [value: number, next: number] => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return [value, at];
    }
  };
  const walk = (start: number, end: number, kind: string): void => {
    for (let at = start; at < end; ) {
      const [tag, value] = varint(at);
      const wire = tag % 8;
      const [length, from] = wire === 2 ? varint(value) : [0, value];
      const next =
        wire === 2 ? from + length : wire === 5 ? value + 4 : wire === 1 ? value + 8 : varint(value)[1];
      places.push({ start: at, at: value, from, end: next });
      const inner = messages[kind]?.[Math.floor(tag / 8)];
      if (wire === 2 && inner !== undefined) walk(from, next, inner);
      at = next;
    }
  };
  walk(0, bytes.length, 'Model');
  return places;
}

export function damageBytes(
  sound: Uint8Array,
  dice: Dice,
): { readonly bytes: Uint8Array; readonly what: string } {
  const places = placesOf(sound);
  let bytes: Uint8Array = sound.slice();
  const what: string[] = [];
  for (let n = dice.pick([1, 1, 1, 2, 5]); n > 0; n--) {
    const place = dice.pick(places);
    const kind = dice.pick(kinds);
    what.push(`${kind} at ${place.start}`);
    bytes = apply(bytes, place, kind, dice);
  }
  return { bytes, what: what.join(', ') };
}

const kinds = [
  ...[
    'truncate',
    'tag',
    'length',
    'length',
    'value',
    'value',
    'flip',
    'anywhere',
    'drop field',
    'repeat field',
  ],
  ...['move field', 'drop bytes', 'long varint'],
] as const;

function apply(bytes: Uint8Array, place: Place, kind: (typeof kinds)[number], dice: Dice): Uint8Array {
  const set = (at: number, value: number): Uint8Array => {
    if (at < bytes.length) bytes[at] = value;
    return bytes;
  };
  switch (kind) {
    case 'truncate':
      return bytes.subarray(0, dice.pick([place.start, place.at, place.from, place.end - 1]));
    case 'tag':
      return set(place.start, dice.int(256));
    case 'length':
      return set(place.at, dice.pick([0, 1, 127, 128, 255, bytes[place.at]! + 1, bytes[place.at]! - 1]));
    case 'value':
      return set(place.from + dice.int(Math.max(1, Math.min(64, place.end - place.from))), dice.int(256));
    case 'flip':
      return set(place.from, (bytes[place.from] ?? 0) ^ (1 << dice.int(8)));
    case 'anywhere':
      return set(dice.int(bytes.length), dice.int(256));
    case 'drop field':
      return joined(bytes.subarray(0, place.start), bytes.subarray(place.end));
    case 'repeat field':
      return joined(bytes.subarray(0, place.end), bytes.subarray(place.start));
    case 'move field':
      bytes.copyWithin(dice.int(bytes.length), place.start, Math.min(place.end, place.start + 200));
      return bytes;
    case 'drop bytes':
      return joined(bytes.subarray(0, place.from), bytes.subarray(place.from + 1 + dice.int(8)));
    default:
      return joined(
        bytes.subarray(0, place.at),
        new Uint8Array(dice.int(14)).fill(255),
        bytes.subarray(place.at),
      );
  }
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
