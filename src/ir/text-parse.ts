/** Parses the text form back into a model. See text.ts for the grammar. */
import { rangeOf } from '../base/bytes.ts';
import { OctavoError } from '../base/errors.ts';
import { elementCount } from '../base/integer.ts';
import type { Attribute } from './attribute.ts';
import type { DType } from './dtype.ts';
import { dtypes, isQuantizedDType } from './dtype.ts';
import type { Dim, Graph, Model, ModelFunction, Node, Port, Shape, ValueType } from './graph.ts';
import { toScale, toZeroPoint } from './quantization.ts';
import { describe, TokenReader } from './text-tokens.ts';
import { parseBytes, parseString, parseTensor, toFloat, toInteger } from './text-values.ts';

/** Bodies within bodies, at most: a text must not decide our stack. */
const mostNested = 32;
/** Quantization parameters of one value, at most. */
const mostScales = 1 << 24;

/**
 * The model the text says. Throws FormatError with line and column; texts printed in brief mode are refused
 * where a content was left out. Nothing but the syntax is checked: `verify` does the rest.
 */
export function parseModel(text: string): Model {
  return new Parser(text).model();
}

class Parser {
  readonly #in: TokenReader;
  #depth = 0;

  constructor(text: string) {
    this.#in = new TokenReader(text);
  }

  model(): Model {
    const t = this.#in;
    const opsets = new Map<string, number>();
    const metadata = new Map<string, string>();
    const functions: ModelFunction[] = [];
    const extras: Model['extras'][number][] = [];
    let irVersion = 8;
    let producer = ['', ''];
    let graph: Graph | undefined;
    while (t.peek().kind !== 'end') {
      const key = t.word('ir, opset, producer, meta, extra, function or graph');
      if (key.text === 'ir') irVersion = this.#count('the IR version');
      else if (key.text === 'opset') this.#opset(opsets);
      else if (key.text === 'producer')
        producer = [t.quoted('the producer').text, t.quoted('its version').text];
      else if (key.text === 'meta') metadata.set(t.quoted('a key').text, t.quoted('a value').text);
      else if (key.text === 'extra') extras.push(rangeOf(parseBytes(t)));
      else if (key.text === 'function') functions.push(this.#function());
      else if (key.text === 'graph' && graph === undefined) graph = this.#graph();
      else t.fail(`'${key.text}' has no meaning here`, key);
    }
    if (graph === undefined) return t.fail('the text holds no graph');
    const [producerName, producerVersion] = producer as [string, string];
    return { graph, irVersion, opsets, producerName, producerVersion, metadata, functions, extras };
  }

  #opset(into: Map<string, number>): void {
    const t = this.#in;
    const domain = t.peek().kind === 'string' ? t.next().text : '';
    into.set(domain, this.#count('a version'));
  }

  #function(): ModelFunction {
    const t = this.#in;
    const domain = t.name('a domain');
    t.expect('::');
    const name = t.name('a function name');
    const overload = t.accept('::') ? t.name('an overload') : '';
    const inputs = t.list('(', ')', () => t.name('an input'));
    t.expect('=');
    const outputs = t.list('(', ')', () => t.name('an output'));
    const opsets = new Map<string, number>();
    const nodes: Node[] = [];
    let source = rangeOf(new Uint8Array(0));
    t.expect('{');
    while (!t.accept('}'))
      if (this.#keyword('opset')) this.#opset(opsets);
      else if (this.#keyword('source')) source = rangeOf(parseBytes(t));
      else nodes.push(this.#node(new Map()));
    return { domain, name, overload, inputs, outputs, nodes, opsets, source };
  }

  /** After the word `graph`. */
  #graph(): Graph {
    const t = this.#in;
    const inputs: Port[] = [];
    const outputs: Port[] = [];
    const nodes: Node[] = [];
    const extras: Graph['extras'][number][] = [];
    const initializers: Map<
      string,
      Graph['initializers'] extends ReadonlyMap<string, infer T> ? T : never
    > = new Map();
    const sparse = new Map<string, Graph['extras'][number]>();
    const types = new Map<string, ValueType>();
    if (++this.#depth > mostNested) t.fail(`graphs are nested more than ${mostNested} deep`);
    const name = t.name('a graph name');
    t.expect('{');
    while (!t.accept('}'))
      if (this.#keyword('input')) inputs.push(this.#port());
      else if (this.#keyword('output')) outputs.push(this.#port());
      else if (this.#keyword('extra')) extras.push(rangeOf(parseBytes(t)));
      else if (this.#keyword('type')) {
        const { name: value, type } = this.#port();
        types.set(value, type);
      } else if (this.#keyword('sparse')) {
        const value = t.name('a value name');
        t.expect('=');
        sparse.set(value, rangeOf(parseBytes(t)));
      } else if (this.#keyword('const')) {
        const at = t.peek();
        const value = t.name('a value name');
        if (initializers.has(value)) t.fail(`the constant '${value}' is given twice`, at);
        t.expect(':');
        const { dtype, dims } = this.#tensorHead();
        t.expect('=');
        initializers.set(value, parseTensor(t, dtype, dims));
      } else nodes.push(this.#node(types));
    this.#depth--;
    return { name, inputs, outputs, nodes, initializers, types, sparse, extras };
  }

  /** A keyword is one only before a name: a value may be called `input` too. */
  #keyword(word: string): boolean {
    const after = this.#in.peek(1).kind;
    if (!this.#in.isWord(word) || (after !== 'word' && after !== 'string')) return false;
    this.#in.next();
    return true;
  }

  #port(): Port {
    const name = this.#in.name('a value name');
    this.#in.expect(':');
    return { name, type: this.#type() };
  }

  #node(types: Map<string, ValueType>): Node {
    const t = this.#in;
    const outputs: string[] = [];
    if (t.accept('(')) t.expect(')');
    else
      do {
        const output = t.name('a keyword or the output of a node');
        outputs.push(output);
        if (t.accept(':')) types.set(output, this.#type());
      } while (t.accept(','));
    t.expect('=');
    const first = t.name('an operator');
    const scoped = t.accept('::');
    const op = scoped ? t.name('an operator') : first;
    const inputs = t.list('(', ')', () => t.name('a value name'));
    const attributes = new Map<string, Attribute>();
    if (t.isMark('{'))
      t.list('{', '}', () => {
        const at = t.peek();
        const key = t.name('an attribute name');
        if (attributes.has(key)) t.fail(`the attribute '${key}' is given twice`, at);
        t.expect('=');
        attributes.set(key, this.#attribute());
      });
    const at = t.peek();
    const name = t.accept('@') ? t.name('a node name') : outputs[0];
    if (name === undefined) return t.fail('a node without outputs needs a name: @name', at);
    return { name, op, domain: scoped ? first : '', inputs, outputs, attributes };
  }

  #attribute(): Attribute {
    const t = this.#in;
    const start = t.peek();
    if (start.kind === 'string' || t.isWord('base64')) return { type: 'string', value: parseString(t) };
    if (t.isMark('[')) return this.#list();
    const word = t.word('an attribute value').text;
    switch (word) {
      case 'floats':
      case 'ints':
      case 'strings':
        t.expect('(');
        t.expect(')');
        return { type: word, value: [] };
      case 'tensor':
        return { type: 'tensor', value: this.#tensor() };
      case 'tensors':
        return { type: 'tensors', value: t.list('(', ')', () => this.#tensor()) };
      case 'graph':
        return { type: 'graph', value: this.#graph() };
      case 'graphs':
        return {
          type: 'graphs',
          value: t.list('(', ')', () => {
            t.expect('graph');
            return this.#graph();
          }),
        };
      case 'reference':
        return { type: 'reference', value: t.name('an attribute name') };
      case 'opaque':
        return { type: 'opaque', value: rangeOf(parseBytes(t)) };
    }
    const integer = toInteger(word);
    if (integer !== undefined) return { type: 'int', value: this.#int64(integer) };
    const float = toFloat(word) ?? t.fail(`${describe(start)} is no attribute value`, start);
    return { type: 'float', value: Math.fround(float) };
  }

  /** The first item says of what kind the list is. */
  #list(): Attribute {
    const t = this.#in;
    const first = t.peek(1);
    if (first.kind === 'string' || t.isWord('base64', 1))
      return { type: 'strings', value: t.list('[', ']', () => parseString(t)) };
    if (toInteger(first.text) !== undefined)
      return {
        type: 'ints',
        value: t.list('[', ']', () => {
          const token = t.word('an integer');
          return this.#int64(
            toInteger(token.text) ?? t.fail(`${describe(token)} is no integer, as the first is`, token),
          );
        }),
      };
    return {
      type: 'floats',
      value: t.list('[', ']', () => {
        const token = t.word('a number');
        return Math.fround(toFloat(token.text) ?? t.fail(`${describe(token)} is no number`, token));
      }),
    };
  }

  #int64(value: bigint): bigint {
    return BigInt.asIntN(64, value) === value ? value : this.#in.fail(`${value} does not fit 64 bits`);
  }

  #tensor() {
    const { dtype, dims } = this.#tensorHead();
    return parseTensor(this.#in, dtype, dims);
  }

  #tensorHead(): { readonly dtype: DType; readonly dims: readonly number[] } {
    const t = this.#in;
    const dtype = this.#dtype();
    const at = t.peek();
    const dims = t.list('[', ']', () => this.#count('a size'));
    if (!Number.isSafeInteger(elementCount(dims) * 16))
      t.fail(`a tensor of [${dims.join(', ')}] is too large`, at);
    return { dtype, dims };
  }

  #dtype(): DType {
    const token = this.#in.word('a data type');
    return Object.hasOwn(dtypes, token.text)
      ? (token.text as DType)
      : this.#in.fail(`'${token.text}' is no data type (they are ${Object.keys(dtypes).join(', ')})`, token);
  }

  #type(): ValueType {
    const t = this.#in;
    if (t.accept('opaque')) return { kind: 'opaque' };
    const dtype = this.#dtype();
    const shape: Shape | undefined = t.isMark('[') ? t.list('[', ']', () => this.#dim()) : undefined;
    if (!t.isWord('scale') || !t.isMark('(', 1)) return { kind: 'tensor', dtype, shape };
    const start = t.next();
    if (!isQuantizedDType(dtype)) return t.fail(`${dtype} cannot hold quantized values`, start);
    try {
      const scales = this.#repeated().map((v) => toScale(v, 'scale'));
      t.expect('zero');
      const zeroPoints = this.#repeated().map((v) => toZeroPoint(v, dtype, 'zero'));
      const axis = this.#parameter('axis');
      const block = this.#parameter('block');
      const rest = { ...(axis === undefined ? {} : { axis }), ...(block === undefined ? {} : { block }) };
      return { kind: 'quantized', shape, quant: { dtype, scales, zeroPoints, ...rest } };
    } catch (error) {
      if (error instanceof OctavoError && error.code === 'INVALID_ARGUMENT')
        return t.fail(error.what, start, error);
      throw error;
    }
  }

  #dim(): Dim {
    const t = this.#in;
    if (t.accept('?')) return null;
    if (t.peek().kind === 'string') return t.next().text;
    const word = t.peek().text;
    return /^[+-]?\d+$/.test(word) ? this.#count('a size') : t.name('a size');
  }

  /** `(a, b, ...)`, or `(a * n)`: n times a. */
  #repeated(): readonly number[] {
    const t = this.#in;
    const items = t.list('(', ')', () => {
      const token = t.word('a number');
      const value = toFloat(token.text) ?? t.fail(`${describe(token)} is no number`, token);
      if (!t.accept('*')) return [value];
      const at = t.peek();
      const count = this.#count('a count');
      if (count > mostScales) t.fail(`more than ${mostScales} parameters`, at);
      return new Array<number>(count).fill(value);
    });
    return items.flat();
  }

  #parameter(word: string): number | undefined {
    if (!this.#in.isWord(word) || !this.#in.isMark('(', 1)) return undefined;
    this.#in.next();
    const token = this.#in.peek(1);
    const [value, ...more] = this.#in.list('(', ')', () => toInteger(this.#in.word('an integer').text));
    if (value === undefined || more.length > 0) return this.#in.fail(`${word} takes one integer`, token);
    return Number(value);
  }

  #count(what: string): number {
    const token = this.#in.word(what);
    const value = Number(toInteger(token.text) ?? -1n);
    if (!Number.isSafeInteger(value) || value < 0)
      this.#in.fail(`expected ${what}, a whole number, found ${describe(token)}`, token);
    return value;
  }
}
