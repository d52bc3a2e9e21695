/**
 * Inputs and outputs as codes, for callers who have codes or want them: pixels of a camera, a network behind another. What TFLite calls
 * `inference_input_type`. A door stays float where some node works on its real numbers.
 */
import type { Note } from '../base/errors.ts';
import type { Node, Port, QuantParams } from '../ir/index.ts';
import { isOnnxDomain, sameParams } from '../ir/index.ts';
import type { ReadyGraph, ReadyValue } from './ready-graph.ts';

export interface CodedDoors {
  readonly graph: ReadyGraph;
  /** One for every float32 input and output that stays what it is. */
  readonly notes: readonly Note[];
}

/**
 * An input that only QuantizeLinear reads, by one set of parameters, has these codes itself; an output that DequantizeLinear makes has
 * the codes it is made of. Their crossings stay as moves between the caller's order and that of the layers.
 */
export function codesAtDoors(graph: ReadyGraph): CodedDoors {
  const doors = new Map<string, ReadyValue>();
  const notes: Note[] = [];
  const open = (kind: 'input' | 'output', { name }: Port): void => {
    const value = graph.value(name);
    if (value.dtype !== 'float32' || doors.has(name)) return;
    const found = kind === 'input' ? codesBehind(graph, name) : codesBefore(graph, name);
    if (typeof found !== 'string') doors.set(name, { ...value, dtype: found.dtype, quant: found });
    else
      notes.push({ code: 'float-port', where: `${kind} '${name}'`, what: `it stays float32, for ${found}` });
  };
  for (const port of graph.inputs) open('input', port);
  for (const port of graph.outputs) open('output', port);
  return {
    graph: {
      ...graph,
      doors: new Set(doors.keys()),
      value: (name) => doors.get(name) ?? graph.value(name),
    },
    notes,
  };
}

/** Of an input: its codes, or why it has none. */
function codesBehind(graph: ReadyGraph, name: string): QuantParams | string {
  if (graph.outputs.some((port) => port.name === name)) return 'it is an output as well';
  const readers = graph.nodes.filter((node) => node.inputs.includes(name));
  if (readers.length === 0) return 'nothing reads it';
  const other = readers.find((node) => !isCrossing(node, 'QuantizeLinear'));
  if (other !== undefined) return `${named(other)} works on its real numbers`;
  const [first, ...rest] = readers.map((node) => graph.value(node.outputs[0]!).quant);
  if (first === undefined || rest.some((quant) => quant === undefined || !sameParams(first, quant)))
    return 'its readers give it different codes';
  return first;
}

/** Of an output, likewise. */
function codesBefore(graph: ReadyGraph, name: string): QuantParams | string {
  const maker = graph.nodes.find((node) => node.outputs.includes(name));
  if (maker === undefined) return 'it is no result of a node';
  const from = isCrossing(maker, 'DequantizeLinear') ? graph.value(maker.inputs[0]!) : undefined;
  if (from?.quant === undefined) return `${named(maker)} makes real numbers`;
  const reader = graph.nodes.find((node) => node.inputs.includes(name));
  if (reader !== undefined) return `${named(reader)} works on its real numbers`;
  return from.constant === undefined ? from.quant : 'it is constant';
}

/** One whose parameters are those of its codes: others are said by inputs of the node. */
function isCrossing({ op, domain, inputs }: Node, wanted: string): boolean {
  return op === wanted && isOnnxDomain(domain) && inputs.length === 1;
}

function named({ op, name }: Node): string {
  return name === '' ? op : `${op} '${name}'`;
}
