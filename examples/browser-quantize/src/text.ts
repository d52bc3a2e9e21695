/** Numbers as people read them. */

export function bytesText(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

export function durationText(ms: number): string {
  if (ms < 950) return '1 s';
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export const percentText = (share: number): string => `${(100 * share).toFixed(2)} %`;
