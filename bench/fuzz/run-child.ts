/** A process of its own for mutations: one that hangs or dies takes no other down, and memory is its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ChildEvent, Run } from './child.ts';
import { limits } from './limits.ts';

/** Typed arrays lie outside and are watched by the resident size. */
const heapMb = 768;

/** Runs a child to its end; the seed it hangs or dies at, if it does. */
export function runChild(
  args: readonly string[],
  onRun: (run: Run) => void,
): Promise<{ at: number; how: string; hung: boolean } | undefined> {
  const flags = ['--enable-source-maps', '--expose-gc', `--max-old-space-size=${heapMb}`];
  const process_ = spawn(process.execPath, [...flags, process.argv[1]!, '--child', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: process.env,
  });
  let at = -1;
  let how = 'died before it began';
  let finished = false;
  let hung = false;
  let errors = '';
  process_.stderr.on('data', (text) => {
    errors = `${errors}${text}`.slice(-2000);
  });
  const hang = (): void => {
    hung = true;
    how = `ran for over ${limits.hangMs / 1000} s`;
    process_.kill('SIGKILL');
  };
  let watchdog = setTimeout(hang, 3 * limits.hangMs);
  createInterface({ input: process_.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as ChildEvent;
    clearTimeout(watchdog);
    if ('finished' in event) finished = true;
    else if ('ended' in event) onRun(event.ended);
    else {
      at = event.starts;
      how = 'ended the process';
    }
    if (!finished) watchdog = setTimeout(hang, limits.hangMs);
  });
  return new Promise((resolve) => {
    process_.on('close', (code, signal) => {
      clearTimeout(watchdog);
      const reason =
        how === 'ended the process' ? `${how} (${signal ?? code}): ${errors.trim().split('\n')[0]}` : how;
      resolve(finished ? undefined : { at, how: reason, hung });
    });
  });
}
