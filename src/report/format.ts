/** Numbers and notes as people read them. */
import type { Note } from '../base/errors.ts';

/**
 * Text on one line that moves no cursor: names come from files, and one with line breaks or escapes could forge a report or
 * drive a terminal. Controls, line separators and marks of writing direction become \u....
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (c) =>
    c === '\n' ? '\\n' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One line; the code at its end is a heading of docs/errors.md. */
export function formatNote({ code, where, what }: Note): string {
  return printable(`note: ${where}: ${what} [${code}]`);
}

/** 1,234,567 bytes as `1.18 MB` (binary steps, as file managers show them). */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}

/** 90,000 ms as `1 min 30 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatPercent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

export function formatDb(db: number): string {
  if (db === Number.POSITIVE_INFINITY) return 'exact';
  return `${db.toFixed(1)} dB`;
}

/** 1,234,567 as `1.23 M`; below ten thousand every digit. */
export function formatCount(count: number): string {
  if (count < 10_000) return `${count}`;
  const units = ['k', 'M', 'G', 'T'];
  let value = count / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toPrecision(3)} ${units[unit]}`;
}
