/** The `octavo` command: reads arguments, runs a command, turns errors into one message and an exit code. */
import { OctavoError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { printable } from '../report/format.ts';
import { version } from '../version.ts';
import { benchCommand } from './bench-command.ts';
import { calibrateCommand } from './calibrate-command.ts';
import type { CommandSpec } from './command-spec.ts';
import { compareCommand } from './compare-command.ts';
import { compileCommand } from './compile-command.ts';
import { blamingFile, withConfigFile } from './config-file.ts';
import { exitCodes } from './exit-codes.ts';
import { explainCommand } from './explain-command.ts';
import { exportCacheCommand } from './export-cache-command.ts';
import { commandHelp, overviewHelp } from './help-text.ts';
import { inspectCommand } from './inspect-command.ts';
import { mergeCommand } from './merge-command.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { quantizeCommand } from './quantize-command.ts';
import { runCommand } from './run-command.ts';

export const commands: readonly CommandSpec[] = [
  quantizeCommand,
  inspectCommand,
  compareCommand,
  calibrateCommand,
  mergeCommand,
  explainCommand,
  exportCacheCommand,
  compileCommand,
  runCommand,
  benchCommand,
];

/** For a word that is no command; a model's path is most often a forgotten one. */
function commandMeant(word: string, names: readonly string[]): string {
  if (/\.onnx$/i.test(word)) return `Did you mean octavo quantize ${word}`;
  return `Nearest is octavo ${nearest(word, names, 1)[0]}`;
}

/** Runs the command line; returns the exit code and never throws. `argv` is without node and script. */
export async function main(argv: readonly string[]): Promise<number> {
  // onnxruntime-node holds a telemetry client with a collector's address: off, unless somebody has decided.
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  const cancel = new AbortController();
  const onInterrupt = (): void => cancel.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    return await dispatch(argv, cancel.signal);
  } catch (error) {
    return explain(error, argv.includes('--json'));
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

async function dispatch(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(
      `octavo ${version}, Node ${process.versions.node}, ${process.platform}-${process.arch}\n`,
    );
    return exitCodes.done;
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = commands.find((command) => nameOf(command) === rest[0]);
    if (asked !== undefined) return printHelp(asked);
    (name === undefined ? process.stderr : process.stdout).write(overviewHelp(commands));
    return name === undefined ? exitCodes.usage : exitCodes.done;
  }
  const names = commands.map(nameOf);
  const spec = commands[names.indexOf(name)];
  if (spec === undefined) {
    process.stderr.write(
      `octavo ${name}: there is no such command\n  ${commandMeant(name, names)}; see octavo --help\n`,
    );
    return exitCodes.usage;
  }
  if (rest.includes('--help') || rest.includes('-h')) return printHelp(spec);
  const { args, options: typed } = parseCommandLine(spec, rest);
  const known = { own: spec.options, all: commands.flatMap((command) => command.options) };
  const { options, ...configured } = withConfigFile(known, typed, args[0]!);
  try {
    return await spec.run(args, options, { signal, ...configured });
  } catch (error) {
    throw blamingFile(error, configured);
  }
}

function printHelp(spec: CommandSpec): number {
  process.stdout.write(commandHelp(spec));
  return exitCodes.done;
}

const nameOf = (spec: CommandSpec): string => spec.usage.split(' ')[0]!;

/** People read it on stderr; with --json, machines read it on stdout. */
function explain(error: unknown, json: boolean): number {
  if (!(error instanceof OctavoError)) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`octavo: this is a fault in Octavo, please report it:\n${detail}\n`);
    return exitCodes.failed;
  }
  const { code, where, what, remedy } = error;
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, where, what, remedy } }, null, 2)}\n`);
  process.stderr.write(`${printable(`octavo: ${where}: ${what}`)}\n  ${printable(remedy)}\n`);
  if (code === 'CANCELLED') return exitCodes.cancelled;
  return code === 'INVALID_ARGUMENT' ? exitCodes.usage : exitCodes.failed;
}
