/** Base64 of bytes, RFC 4648 with padding: the same in Node and in a browser. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const codeOf = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) codeOf[alphabet.charCodeAt(i)] = i;

export function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  let piece = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    piece += alphabet[bits >> 18]! + alphabet[(bits >> 12) & 63]!;
    piece += b === undefined ? '=' : alphabet[(bits >> 6) & 63]!;
    piece += c === undefined ? '=' : alphabet[bits & 63]!;
    if (piece.length >= 4096) {
      pieces.push(piece);
      piece = '';
    }
  }
  pieces.push(piece);
  return pieces.join('');
}

/** Undefined for text that `toBase64` does not write: another length, character, padding, or stray bits at the end. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length - padding; i++) {
    const code = codeOf[text.charCodeAt(i)] ?? -1;
    if (code < 0) return undefined;
    bits = ((bits << 6) | code) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = bits >> held;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : undefined;
}
