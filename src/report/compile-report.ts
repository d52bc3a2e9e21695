/** What `compile` made, as plain data and as text. */
import type { Note } from '../base/errors.ts';
import { formatBytes, formatCount, formatNote, printable } from './format.ts';
import { table } from './table.ts';

export interface CompileReport {
  readonly octavo: string;
  readonly input: string;
  /** Folder. */
  readonly output: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly gzipped: number }[];
  readonly kernels: readonly string[];
  /** One for each set of sizes. */
  readonly programs: readonly CompiledProgramReport[];
  readonly notes: readonly Note[];
}

export interface CompiledProgramReport {
  readonly sizes: Readonly<Record<string, number>>;
  readonly inputs: readonly PortReport[];
  readonly outputs: readonly PortReport[];
  readonly calls: number;
  readonly macs: number;
  /** Values between layers: the peak of the plan, and the least any plan could need. */
  readonly arenaBytes: number;
  readonly arenaLowerBound: number;
  readonly memoryBytes: number;
}

export interface PortReport {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  /** Of codes: real = scale * (code - zeroPoint). */
  readonly codes?: { readonly scale: number; readonly zeroPoint: number };
}

export function compileReportJson(report: CompileReport): string {
  return JSON.stringify(report, null, 2);
}

export function compileReportText(report: CompileReport): string {
  const files = table(
    [{ title: 'file' }, { title: 'size', align: 'right' }, { title: 'gzipped', align: 'right' }],
    report.files.map(({ name, bytes, gzipped }) => [name, formatBytes(bytes), formatBytes(gzipped)]),
  );
  return [
    `${report.input} -> ${report.output}`,
    ...report.programs.map(programText),
    '',
    files,
    ...report.notes.map(formatNote),
  ].join('\n');
}

function programText(program: CompiledProgramReport): string {
  const port = ({ name, dtype, dims, codes }: PortReport): string =>
    `${printable(name)} ${dtype}[${dims.join(',')}]${codes === undefined ? '' : ` scale ${Number(codes.scale.toPrecision(6))} zero point ${codes.zeroPoint}`}`;
  const sizes = Object.entries(program.sizes).map(([name, size]) => `${name}=${size}`);
  const { arenaBytes, arenaLowerBound } = program;
  const over = arenaLowerBound === 0 ? 0 : arenaBytes / arenaLowerBound - 1;
  return [
    `${sizes.length === 0 ? '' : `${sizes.join(' ')}: `}${program.inputs.map(port).join(', ')} -> ${program.outputs.map(port).join(', ')}`,
    `  ${program.calls} calls, ${formatCount(program.macs)} multiply-accumulates`,
    `  memory ${formatBytes(program.memoryBytes)}, of it between layers ${formatBytes(arenaBytes)} (no plan needs less than ${formatBytes(arenaLowerBound)}: ${(100 * over).toFixed(1)} % over)`,
  ].join('\n');
}
