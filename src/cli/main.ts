/** The `octavo` command: reads arguments, runs a command, turns errors into one message and an exit code. */
import { cac } from 'cac';
import { OctavoError } from '../base/errors.ts';
import { version } from '../version.ts';
import type { CommandSpec, RawOptions } from './command-spec.ts';
import { exitCodes } from './exit-codes.ts';
import { quantizeCommand } from './quantize-command.ts';

export const commands: readonly CommandSpec[] = [quantizeCommand];

/** Runs the command line; returns the exit code and never throws. `argv` is without node and script. */
export async function main(argv: readonly string[]): Promise<number> {
  const cancel = new AbortController();
  const onInterrupt = (): void => cancel.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  let exitCode: number = exitCodes.done;
  const cli = cac('octavo');
  for (const spec of commands) {
    const command = cli.command(spec.usage, spec.text);
    for (const option of spec.options) command.option(option.flags, option.text);
    for (const example of spec.examples) command.example(example);
    command.action(async (...args: unknown[]) => {
      const options = args.pop() as RawOptions;
      exitCode = await spec.run(args as string[], options, cancel.signal);
    });
  }
  cli.help();
  cli.version(version);
  try {
    cli.parse(['node', 'octavo', ...argv], { run: false });
    if (cli.options.help || cli.options.version) return exitCodes.done;
    if (cli.matchedCommand === undefined) {
      if (argv.length === 0) cli.outputHelp();
      else
        usage(
          `there is no command '${argv[0]}'`,
          `Commands: ${commands.map((c) => c.usage.split(' ')[0]).join(', ')}`,
        );
      return exitCodes.usage;
    }
    await cli.runMatchedCommand();
    return exitCode;
  } catch (error) {
    return explain(error, cli.matchedCommand?.name ?? '<command>');
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function usage(what: string, remedy: string): void {
  process.stderr.write(`octavo: ${what}. ${remedy}\n`);
}

function explain(error: unknown, command: string): number {
  if (error instanceof OctavoError) {
    process.stderr.write(`octavo: ${error.where}: ${error.what}\n  ${error.remedy}\n`);
    if (error.code === 'CANCELLED') return exitCodes.cancelled;
    return error.code === 'INVALID_ARGUMENT' ? exitCodes.usage : exitCodes.failed;
  }
  // What cac says of unknown options and missing arguments.
  if (error instanceof Error && error.name === 'CACError') {
    usage(error.message, `See octavo ${command} --help`);
    return exitCodes.usage;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`octavo: this is a fault in Octavo, please report it:\n${detail}\n`);
  return exitCodes.failed;
}
