/** Prints a model in the text form, one line a node. See text.ts for the grammar. */
import { readRange } from '../base/bytes.ts';
import { unreachable } from '../base/errors.ts';
import type { Attribute } from './attribute.ts';
import type { Dim, Graph, Model, ModelFunction, Node, Port, Shape, ValueType } from './graph.ts';
import type { QuantParams } from './quantization.ts';
import type { Tensor } from './tensor.ts';
import { nameText } from './text-tokens.ts';
import {
  bytesText,
  float32Text,
  floatAttributeText,
  stringText,
  type TextMode,
  tensorText,
} from './text-values.ts';

export interface PrintOptions {
  /** Default `brief`. */
  readonly mode?: TextMode;
}

/** The model as text, ending in a newline. Sources (the bytes it was read from) are not printed. */
export function printModel(model: Model, options: PrintOptions = {}): string {
  const mode = options.mode ?? 'brief';
  const lines = [`ir ${model.irVersion}`];
  for (const [domain, version] of model.opsets) lines.push(opsetText(domain, version));
  if (model.producerName !== '' || model.producerVersion !== '')
    lines.push(`producer ${JSON.stringify(model.producerName)} ${JSON.stringify(model.producerVersion)}`);
  for (const [key, value] of model.metadata)
    lines.push(`meta ${JSON.stringify(key)} ${JSON.stringify(value)}`);
  for (const extra of model.extras) lines.push(`extra ${bytesText(readRange(extra), mode)}`);
  for (const f of model.functions) lines.push('', functionText(f, mode));
  lines.push('', graphText(model.graph, mode, ''), '');
  return lines.join('\n');
}

/** The graph alone. */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return `${graphText(graph, options.mode ?? 'brief', '')}\n`;
}

function opsetText(domain: string, version: number): string {
  return domain === '' ? `opset ${version}` : `opset ${JSON.stringify(domain)} ${version}`;
}

function functionText(f: ModelFunction, mode: TextMode): string {
  const parts = [f.domain, f.name, ...(f.overload === '' ? [] : [f.overload])];
  const head = `function ${parts.map(nameText).join('::')}(${f.inputs.map(nameText).join(', ')})`;
  const lines = [
    ...[...f.opsets].map(([domain, version]) => opsetText(domain, version)),
    `source ${bytesText(readRange(f.source), mode)}`,
    ...f.nodes.map((node) => nodeText(node, new Map(), { mode, indent: '  ' })),
  ];
  return [`${head} = (${f.outputs.map(nameText).join(', ')}) {`, ...lines.map((l) => `  ${l}`), '}'].join(
    '\n',
  );
}

function graphText(graph: Graph, mode: TextMode, indent: string): string {
  const inner = `${indent}  `;
  const made = new Set(graph.nodes.flatMap((n) => n.outputs));
  const lines = [
    ...graph.extras.map((extra) => `extra ${bytesText(readRange(extra), mode)}`),
    ...graph.inputs.map((port) => portText('input', port)),
    ...[...graph.initializers].map(
      ([name, tensor]) => `const ${nameText(name)}: ${headText(tensor)} = ${tensorText(tensor, mode)}`,
    ),
    ...[...graph.sparse].map(
      ([name, range]) => `sparse ${nameText(name)} = ${bytesText(readRange(range), mode)}`,
    ),
    ...[...graph.types]
      .filter(([name]) => !made.has(name))
      .map(([name, type]) => `type ${nameText(name)}: ${typeText(type)}`),
    ...graph.nodes.map((node) => nodeText(node, graph.types, { mode, indent: inner })),
    ...graph.outputs.map((port) => portText('output', port)),
  ];
  return [`graph ${nameText(graph.name)} {`, ...lines.map((l) => inner + l), `${indent}}`].join('\n');
}

function portText(kind: 'input' | 'output', port: Port): string {
  return `${kind} ${nameText(port.name)}: ${typeText(port.type)}`;
}

interface Place {
  readonly mode: TextMode;
  readonly indent: string;
}

function nodeText(node: Node, types: ReadonlyMap<string, ValueType>, place: Place): string {
  const outputs = node.outputs.map((name) => {
    const type = name === '' ? undefined : types.get(name);
    return type === undefined ? nameText(name) : `${nameText(name)}: ${typeText(type)}`;
  });
  const op = node.domain === '' ? nameText(node.op) : `${nameText(node.domain)}::${nameText(node.op)}`;
  const attributes = [...node.attributes].map(([key, a]) => `${nameText(key)} = ${attributeText(a, place)}`);
  return [
    outputs.length === 0 ? '()' : outputs.join(', '),
    `= ${op}(${node.inputs.map(nameText).join(', ')})`,
    ...(attributes.length === 0 ? [] : [`{${attributes.join(', ')}}`]),
    ...(node.outputs[0] === node.name ? [] : [`@${nameText(node.name)}`]),
  ].join(' ');
}

function attributeText(attribute: Attribute, { mode, indent }: Place): string {
  const many = (kind: string, items: readonly string[]): string =>
    items.length === 0 ? `${kind}()` : `[${items.join(', ')}]`;
  switch (attribute.type) {
    case 'float':
      return floatAttributeText(attribute.value);
    case 'int':
      return String(attribute.value);
    case 'string':
      return stringText(attribute.value);
    case 'floats':
      return many('floats', attribute.value.map(floatAttributeText));
    case 'ints':
      return many('ints', attribute.value.map(String));
    case 'strings':
      return many('strings', attribute.value.map(stringText));
    case 'tensor':
      return `tensor ${headText(attribute.value)} ${tensorText(attribute.value, mode)}`;
    case 'tensors':
      return `tensors(${attribute.value.map((t) => `${headText(t)} ${tensorText(t, mode)}`).join(', ')})`;
    case 'graph':
      return graphText(attribute.value, mode, indent);
    case 'graphs':
      return `graphs(${attribute.value.map((g) => graphText(g, mode, indent)).join(', ')})`;
    case 'reference':
      return `reference ${nameText(attribute.value)}`;
    case 'opaque':
      return `opaque ${bytesText(readRange(attribute.value), mode)}`;
    default:
      return unreachable(attribute);
  }
}

function headText(tensor: Tensor): string {
  return `${tensor.dtype}[${tensor.dims.join(', ')}]`;
}

function typeText(type: ValueType): string {
  switch (type.kind) {
    case 'tensor':
      return type.dtype + shapeText(type.shape);
    case 'quantized':
      return `${type.quant.dtype}${shapeText(type.shape)} ${quantText(type.quant)}`;
    case 'opaque':
      return 'opaque';
    default:
      return unreachable(type);
  }
}

function shapeText(shape: Shape | undefined): string {
  return shape === undefined ? '' : `[${shape.map(dimText).join(', ')}]`;
}

function dimText(dim: Dim): string {
  if (dim === null) return '?';
  if (typeof dim === 'number') return String(dim);
  return /^[+-]?\d+$/.test(dim) || dim === '' ? JSON.stringify(dim) : nameText(dim);
}

function quantText(quant: QuantParams): string {
  const parts = [
    `scale(${repeated(quant.scales.map(float32Text))})`,
    `zero(${repeated(quant.zeroPoints.map(String))})`,
  ];
  if (quant.axis !== undefined) parts.push(`axis(${quant.axis})`);
  if (quant.block !== undefined) parts.push(`block(${quant.block})`);
  return parts.join(' ');
}

function repeated(items: readonly string[]): string {
  const [first] = items;
  return items.length > 1 && items.every((item) => item === first)
    ? `${first} * ${items.length}`
    : items.join(', ');
}
