/** The words of the text form: names, quoting, and a token reader whose errors say line and column. */
import { FormatError } from '../base/errors.ts';

export interface Token {
  /** `word`: bare name or number. `string`: quoted, `text` is the content. `mark`: punctuation. */
  readonly kind: 'word' | 'string' | 'mark' | 'end';
  readonly text: string;
  /** Position in the text, in UTF-16 units. */
  readonly at: number;
}

const bareName = /^[A-Za-z0-9_./+-]+$/;
const wordAt = /[A-Za-z0-9_./+-]+/y;
const blankAt = /(?:\s|#[^\n]*)+/y;
const markAt = /::|[:=,()[\]{}@*?]/y;

/** A value, node or dimension name as it stands in the text; '' (left out) is `_`. */
export function nameText(name: string): string {
  if (name === '') return '_';
  return bareName.test(name) && name !== '_' ? name : JSON.stringify(name);
}

export class TokenReader {
  readonly #text: string;
  #at = 0;
  readonly #ahead: Token[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  peek(distance = 0): Token {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#scan());
    return this.#ahead[distance]!;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead.shift();
    return token;
  }

  /** Whether the token `distance` ahead is this mark. */
  isMark(text: string, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === 'mark' && token.text === text;
  }

  isWord(text: string, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === 'word' && token.text === text;
  }

  /** Takes the mark or word if it is next. */
  accept(text: string): boolean {
    if (!this.isMark(text) && !this.isWord(text)) return false;
    this.next();
    return true;
  }

  expect(text: string): Token {
    const token = this.peek();
    if (!this.accept(text)) this.fail(`expected '${text}', found ${describe(token)}`, token);
    return token;
  }

  word(what: string): Token {
    const token = this.next();
    if (token.kind !== 'word') this.fail(`expected ${what}, found ${describe(token)}`, token);
    return token;
  }

  quoted(what: string): Token {
    const token = this.next();
    if (token.kind !== 'string') this.fail(`expected ${what} in quotes, found ${describe(token)}`, token);
    return token;
  }

  /** A name, bare or quoted; `_` is ''. */
  name(what: string): string {
    const token = this.next();
    if (token.kind === 'string') return token.text;
    if (token.kind !== 'word') this.fail(`expected ${what}, found ${describe(token)}`, token);
    return token.text === '_' ? '' : token.text;
  }

  /** Items between two marks, with commas between them. */
  list<T>(open: string, close: string, item: () => T): T[] {
    this.expect(open);
    const items: T[] = [];
    if (this.accept(close)) return items;
    do items.push(item());
    while (this.accept(','));
    this.expect(close);
    return items;
  }

  /** Throws FormatError at the token, or at the next one. */
  fail(what: string, token: Token = this.peek(), cause?: unknown): never {
    const before = this.#text.slice(0, token.at);
    const line = before.split('\n').length;
    const column = token.at - before.lastIndexOf('\n');
    throw new FormatError(
      'model text',
      [
        {
          offsetBytes: new TextEncoder().encode(before).length,
          path: `line ${line}, column ${column}`,
          what,
        },
      ],
      'Correct the text there',
      cause,
    );
  }

  #scan(): Token {
    blankAt.lastIndex = this.#at;
    if (blankAt.test(this.#text)) this.#at = blankAt.lastIndex;
    const at = this.#at;
    if (at >= this.#text.length) return { kind: 'end', text: '', at };
    for (const [kind, pattern] of [
      ['word', wordAt],
      ['mark', markAt],
    ] as const) {
      pattern.lastIndex = at;
      if (!pattern.test(this.#text)) continue;
      this.#at = pattern.lastIndex;
      return { kind, text: this.#text.slice(at, this.#at), at };
    }
    if (this.#text[at] === '"') return this.#scanString(at);
    return this.fail(`'${String.fromCodePoint(this.#text.codePointAt(at)!)}' has no meaning here`, {
      kind: 'mark',
      text: '',
      at,
    });
  }

  /** By hand: a regular expression would run out of stack on a large weight. */
  #scanString(at: number): Token {
    const token: Token = { kind: 'string', text: '', at };
    let from = at + 1;
    for (;;) {
      const end = this.#text.indexOf('"', from);
      if (end < 0) return this.fail('the quoted text has no end', token);
      let slashes = 0;
      while (this.#text[end - 1 - slashes] === '\\') slashes++;
      if (slashes % 2 === 0) {
        this.#at = end + 1;
        return { ...token, text: this.#unquote(token, end + 1) };
      }
      from = end + 1;
    }
  }

  #unquote(token: Token, end: number): string {
    try {
      return JSON.parse(this.#text.slice(token.at, end)) as string;
    } catch (cause) {
      return this.fail('the quoted text is not a valid JSON string', token, cause);
    }
  }
}

export function describe(token: Token): string {
  return token.kind === 'end' ? 'the end of the text' : `'${token.text.slice(0, 40)}'`;
}
