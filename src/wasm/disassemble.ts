/** A module as text that people read: one instruction a line, indented by nesting, functions by their names. */

import { valueTypeCodes } from './function.ts';
import type { Immediate } from './instructions.ts';
import { instructions } from './instructions.ts';
import { ModuleReader } from './module-reader.ts';

/** Instructions that are not expressions of the table: control, locals, constants. */
const control: Readonly<Record<number, readonly [name: string, immediate: string]>> = {
  0: ['unreachable', ''],
  2: ['block', 'type'],
  3: ['loop', 'type'],
  4: ['if', 'type'],
  5: ['else', ''],
  11: ['end', ''],
  12: ['br', 'u32'],
  13: ['br_if', 'u32'],
  15: ['return', ''],
  16: ['call', 'function'],
  17: ['call_indirect', 'u32 u32'],
  26: ['drop', ''],
  27: ['select', ''],
  28: ['select', 'types'],
  32: ['local.get', 'u32'],
  33: ['local.set', 'u32'],
  34: ['local.tee', 'u32'],
  35: ['global.get', 'u32'],
  36: ['global.set', 'u32'],
  65: ['i32.const', 'signed'],
  66: ['i64.const', 'signed'],
  67: ['f32.const', 'f32'],
  68: ['f64.const', 'f64'],
  16580620: ['v128.const', 'v128'],
};

const byCode = new Map<number, readonly [name: string, immediate: Immediate | undefined]>(
  Object.entries(instructions).map(([name, row]) => [row[0], [name, row[2] as Immediate | undefined]]),
);

const typeNames = new Map<number, string>(Object.entries(valueTypeCodes).map(([name, code]) => [code, name]));

export interface DisassembleOptions {
  /** Only this function. */
  readonly only?: string;
}

/** Throws FormatError on bytes that are no module, or use what the assembler never writes. */
export function disassemble(bytes: Uint8Array, options: DisassembleOptions = {}): string {
  const reader = new ModuleReader(bytes);
  const module = reader.module();
  const nameOf = (index: number): string => module.names.get(index) ?? `function ${index}`;
  const texts = module.bodies.flatMap(({ start, end }, i) => {
    const index = module.imports + i;
    if (options.only !== undefined && nameOf(index) !== options.only) return [];
    return [[`${nameOf(index)}:`, ...bodyOf(reader.within(start, end), nameOf)].join('\n')];
  });
  return `${texts.join('\n\n')}\n`;
}

function bodyOf(reader: ModuleReader, nameOf: (index: number) => string): readonly string[] {
  const lines: string[] = [];
  const locals: string[] = [];
  const runs = reader.u32();
  for (let i = 0; i < runs; i++) locals.push(`${reader.u32()} x ${typeOf(reader)}`);
  if (locals.length > 0) lines.push(`  local ${locals.join(', ')}`);
  let depth = 1;
  while (!reader.done) {
    const [name, rest] = instruction(reader, nameOf);
    if (name === 'end' || name === 'else') depth--;
    if (depth > 0) lines.push(`${'  '.repeat(depth)}${name}${rest === '' ? '' : ` ${rest}`}`);
    if (name === 'block' || name === 'loop' || name === 'if' || name === 'else') depth++;
  }
  return lines;
}

function typeOf(reader: ModuleReader): string {
  const code = reader.byte();
  return code === 0x40 ? '' : (typeNames.get(code) ?? reader.fail(`0x${code.toString(16)} is no type`));
}

function instruction(
  reader: ModuleReader,
  nameOf: (index: number) => string,
): readonly [name: string, rest: string] {
  const first = reader.byte();
  const code = first >= 0xfc ? first * 0x10000 + reader.u32() : first;
  const known = control[code];
  if (known !== undefined)
    return [
      known[0],
      known[1]
        .split(' ')
        .map((kind) => controlImmediate(reader, kind, nameOf))
        .join(' ')
        .trim(),
    ];
  const row = byCode.get(code);
  if (row === undefined) return reader.fail(`0x${code.toString(16)} is no instruction known here`);
  return [row[0], immediateOf(reader, row[1])];
}

function controlImmediate(reader: ModuleReader, kind: string, nameOf: (index: number) => string): string {
  switch (kind) {
    case 'type':
      return typeOf(reader);
    case 'types':
      return Array.from({ length: reader.u32() }, () => typeOf(reader)).join(' ');
    case 'u32':
      return String(reader.u32());
    case 'function':
      return nameOf(reader.u32());
    case 'signed':
      return String(reader.signed());
    case 'f32':
      return String(new DataView(reader.bytes(4).buffer).getFloat32(0, true));
    case 'f64':
      return String(new DataView(reader.bytes(8).buffer).getFloat64(0, true));
    case 'v128':
      return Array.from(reader.bytes(16), (b) => b.toString(16).padStart(2, '0')).join(' ');
    default:
      return '';
  }
}

function immediateOf(reader: ModuleReader, immediate: Immediate | undefined): string {
  const memory = (): string => {
    reader.u32();
    const offset = reader.u32();
    return offset === 0 ? '' : `offset=${offset}`;
  };
  switch (immediate) {
    case undefined:
      return '';
    case 'memory':
      return memory();
    case 'lane':
      return String(reader.byte());
    case 'memory-lane':
      return `${memory()} ${reader.byte()}`.trim();
    case 'shuffle':
      return Array.from(reader.bytes(16)).join(' ');
    case 'index':
      reader.byte();
      return '';
    case 'index2':
      reader.bytes(2);
      return '';
  }
}
