/** Progress on stderr: one line rewritten on a terminal, a line now and then in a log. */
import type { OnProgress, Progress } from '../base/progress.ts';
import { formatDuration } from '../report/format.ts';

/** Between lines of a log. */
const logEveryMs = 5000;
/** Between rewrites on a terminal. */
const drawEveryMs = 100;

export interface ProgressLine {
  readonly report: OnProgress;
  /** Ends the line before something else is printed. */
  clear(): void;
}

export function progressLine(stream: NodeJS.WriteStream, quiet: boolean): ProgressLine {
  let lastMs = Number.NEGATIVE_INFINITY;
  let open = false;
  const clear = (): void => {
    if (open) stream.write('\r\u001b[K');
    open = false;
  };
  return {
    clear,
    report(progress) {
      if (quiet) return;
      const finished = progress.done === progress.total;
      const nowMs = performance.now();
      if (!finished && nowMs - lastMs < (stream.isTTY ? drawEveryMs : logEveryMs)) return;
      lastMs = finished ? Number.NEGATIVE_INFINITY : nowMs;
      if (!stream.isTTY) stream.write(`${progressText(progress)}\n`);
      else {
        stream.write(`\r\u001b[K${progressText(progress)}`);
        open = true;
        if (finished) {
          stream.write('\n');
          open = false;
        }
      }
    },
  };
}

export function progressText({ phase, done, total, elapsedMs, ratePerSecond, etaMs }: Progress): string {
  const count = total === undefined ? `${done}` : `${done}/${total}`;
  const rate = `${ratePerSecond.toFixed(ratePerSecond < 10 ? 1 : 0)}/s`;
  const time =
    done === total
      ? `took ${formatDuration(elapsedMs)}`
      : etaMs === undefined
        ? ''
        : `${formatDuration(etaMs)} left`;
  return `${phase} ${count}, ${rate}${time === '' ? '' : `, ${time}`}`;
}
