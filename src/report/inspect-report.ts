/** What `inspect` found, as plain data and as text. */
import type { EngineView } from '../analyse/engine-forms.ts';
import type { InspectedNode, Inspection } from '../analyse/inspect.ts';
import type { ScaleSummary } from '../analyse/int8-scales.ts';
import type { OperatorCount, PortSummary } from '../analyse/model-summary.ts';
import type { Shape } from '../ir/index.ts';
import { formatBytes, formatCount, formatNote, formatPercent, printable } from './format.ts';
import { table } from './table.ts';

export interface InspectReport extends Inspection {
  readonly octavo: string;
  readonly file: string;
  /** Asked of an engine, by its name. */
  readonly engine?: EngineView & { readonly name: string };
}

export function inspectReportJson(report: InspectReport): string {
  return JSON.stringify(report, null, 2);
}

export interface InspectTextOptions {
  /** Lists every node. */
  readonly nodes?: boolean;
}

export function inspectReportText(report: InspectReport, options: InspectTextOptions = {}): string {
  const [first, ...rows] = summaryRows(report);
  const parts = [
    report.file,
    table(
      first!.map((title) => ({ title })),
      rows,
    ),
  ];
  if (report.obstacle !== undefined) parts.push('', printable(`note: ${report.obstacle}`));
  if (report.nodes.some((n) => n.action !== 'unknown')) parts.push('', decisionsText(report));
  if (report.engine !== undefined) parts.push('', engineText(report.engine, report));
  if (options.nodes === true) parts.push('', nodesText(report.nodes));
  if (report.notes.length > 0) parts.push('', ...report.notes.map(formatNote));
  return parts.join('\n');
}

function summaryRows(report: InspectReport): [string, string][] {
  const { parameters, fusion, scales, macs } = report;
  // Some exporters name every domain they know.
  const isUsed = (domain: string) => report.operators.some(({ op }) => op.startsWith(`${domain}.`));
  const opsets = Object.entries(report.opsets).flatMap(([domain, v]) =>
    domain === '' || domain === 'ai.onnx' ? [`opset ${v}`] : isUsed(domain) ? [`${domain} ${v}`] : [],
  );
  const by = report.producer === '' ? '' : `, made by ${report.producer}`;
  const shares = parameters.byDType.map((s) => `${s.dtype} ${formatBytes(s.bytes)}`);
  const rows: [string, string][] = [
    ['format', `ONNX, IR version ${report.irVersion}, ${opsets.join(', ')}${by}`],
    ...report.inputs.map((port): [string, string] => ['input', portText(port)]),
    ...report.outputs.map((port): [string, string] => ['output', portText(port)]),
    [
      'parameters',
      `${formatCount(parameters.elements)} in ${parameters.tensors} tensors, ${formatBytes(parameters.bytes)}${shares.length > 1 ? ` (${shares.join(', ')})` : shares.length === 1 ? ` of ${parameters.byDType[0]!.dtype}` : ''}`,
    ],
    ...(macs > 0 ? [['work', workText(report)] as [string, string]] : []),
    ['operators', countsText(report.operators)],
  ];
  if (fusion !== undefined) rows.push(['fusions', fusionText(fusion)]);
  if (scales !== undefined) rows.push(...scaleRows(scales));
  const count = (action: InspectedNode['action']) => report.nodes.filter((n) => n.action === action).length;
  if (count('unknown') === 0)
    rows.push([
      report.target,
      `${count('quantized')} in INT8, ${count('merged')} merged into them, ${count('float')} in float`,
    ]);
  return rows;
}

function workText({ macs, int8Share, kind }: InspectReport): string {
  const text = `${formatCount(macs)} multiply-accumulates a sample`;
  if (int8Share === undefined) return text;
  return `${text}, ${formatPercent(int8Share, int8Share === 1 ? 0 : 1)} ${kind === 'int8' ? 'of them' : 'of them would run'} in INT8`;
}

function portText({ name, dtype, shape }: PortSummary): string {
  return `${name}: ${dtype ?? 'no tensor'}${shape === undefined ? '' : ` ${shapeText(shape)}`}`;
}

function shapeText(shape: Shape | undefined): string {
  return shape === undefined ? '?' : `[${shape.map((d) => d ?? '?').join(', ')}]`;
}

const mostOperators = 12;
const mostListed = 20;

function countsText(counts: readonly OperatorCount[]): string {
  const total = counts.reduce((n, c) => n + c.count, 0);
  const shown = counts.slice(0, mostOperators).map((c) => `${c.count} ${c.op}`);
  const rest = counts.slice(mostOperators).reduce((n, c) => n + c.count, 0);
  return `${total}: ${[...shown, ...(rest > 0 ? [`${rest} of ${counts.length - mostOperators} other kinds`] : [])].join(', ')}`;
}

function fusionText({ before, after }: NonNullable<Inspection['fusion']>): string {
  const total = (counts: readonly OperatorCount[]) => counts.reduce((n, c) => n + c.count, 0);
  const left = new Map(after.map((c) => [c.op, c.count]));
  const changes = [
    ...before.filter((c) => (left.get(c.op) ?? 0) !== c.count),
    ...after.filter((c) => !before.some((b) => b.op === c.op)).map((c) => ({ op: c.op, count: 0 })),
  ].map((c) => `${c.op} ${c.count} -> ${left.get(c.op) ?? 0}`);
  if (changes.length === 0) return `nothing to fuse: ${total(before)} operators`;
  return `${total(before)} operators -> ${total(after)}: ${changes.join(', ')}`;
}

function scaleRows({ schemes, values, weights }: ScaleSummary): [string, string][] {
  const rows: [string, string][] = [['quantized as', schemes.length === 0 ? 'unknown' : schemes.join(', ')]];
  for (const v of values) {
    const free = v.values - v.fromZero - v.symmetric;
    const kinds = [
      [v.fromZero, 'from zero up'],
      [v.symmetric, 'symmetric'],
      [free, 'with a free zero point'],
    ] as const;
    rows.push([
      'values',
      `${v.values} ${v.dtype}: ${kinds
        .filter(([n]) => n > 0)
        .map(([n, text]) => `${n} ${text}`)
        .join(', ')}; scales ${v.minScale.toPrecision(3)} to ${v.maxScale.toPrecision(3)}`,
    ]);
  }
  for (const w of weights) {
    const kinds = [
      [w.perChannel, 'per channel'],
      [w.perTensor, 'per tensor'],
      [w.other, 'by blocks, or scaled elsewhere'],
    ] as const;
    rows.push([
      'weights',
      `${w.tensors} ${w.dtype}: ${kinds
        .filter(([n]) => n > 0)
        .map(([n, text]) => `${n} ${text}`)
        .join(', ')}`,
    ]);
  }
  return rows;
}

const actionTitles: Record<InspectedNode['action'], string> = {
  quantized: 'INT8',
  merged: 'merged',
  float: 'float',
  unknown: '?',
};

/** Nodes of one fate and one reason, counted. */
function decisionsText({ nodes, kind, target }: InspectReport): string {
  const groups = new Map<string, InspectedNode[]>();
  for (const node of nodes) {
    const key = `${node.action} ${node.code ?? node.reason.replace(/'[^']*'/g, "'...'")}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  const order: readonly InspectedNode['action'][] = ['quantized', 'merged', 'float', 'unknown'];
  const rows = [...groups.values()]
    .sort((a, b) => order.indexOf(a[0]!.action) - order.indexOf(b[0]!.action) || b.length - a.length)
    .map((group) => [
      actionTitles[group[0]!.action],
      `${group.length}`,
      operatorsText(group),
      reasonText(group),
    ]);
  const title = kind === 'int8' ? `runs (${target})` : `would run (${target})`;
  return table(
    [{ title }, { title: 'nodes', align: 'right' }, { title: 'operators' }, { title: 'why' }],
    rows,
  );
}

function operatorsText(group: readonly InspectedNode[]): string {
  const counts = new Map<string, number>();
  for (const { op } of group) counts.set(op, (counts.get(op) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 6).map(([op, count]) => `${count} ${op}`);
  return [...shown, ...(sorted.length > 6 ? [`${sorted.length - 6} other kinds`] : [])].join(', ');
}

function reasonText(group: readonly InspectedNode[]): string {
  const [first] = group;
  return group.every((n) => n.reason === first!.reason)
    ? first!.reason
    : `${first!.reason} ('${first!.name}', and others likewise)`;
}

function engineText(engine: NonNullable<InspectReport['engine']>, { kind, nodes }: InspectReport): string {
  const { name, forms, operators } = engine;
  const optimized = `its optimised graph: ${countsText(operators)}`;
  if (kind === 'float') return `${name}, ${optimized}`;
  const count = (state: 'fused' | 'float' | 'gone') => forms.filter((f) => f.state === state).length;
  const gone = count('gone');
  const lines = [
    `${name} runs ${count('fused')} of ${forms.length} Conv, Gemm and MatMul on codes${gone > 0 ? `; ${gone} are not found in its graph` : ''}`,
    optimized,
  ];
  const reasons = new Map(nodes.map((n) => [n.name, n.reason]));
  const rows = forms
    .filter((f) => f.state === 'float')
    .map((f) => [f.name, f.as ?? f.op, reasons.get(f.name) ?? '']);
  if (rows.length > 0)
    lines.push(
      '',
      table([{ title: 'in float' }, { title: 'runs as' }, { title: 'why' }], rows.slice(0, mostListed)),
    );
  if (rows.length > mostListed) lines.push(`and ${rows.length - mostListed} more; --json lists all`);
  return lines.join('\n');
}

function nodesText(nodes: readonly InspectedNode[]): string {
  return table(
    [
      { title: 'node' },
      { title: 'operator' },
      { title: 'shape' },
      { title: 'parameters', align: 'right' },
      { title: 'MACs', align: 'right' },
      { title: 'runs' },
      { title: 'why' },
    ],
    nodes.map((n) => [
      n.name,
      n.op,
      shapeText(n.shape),
      n.parameters === 0 ? '' : formatCount(n.parameters),
      n.macs === undefined ? '' : formatCount(n.macs),
      actionTitles[n.action],
      n.reason,
    ]),
  );
}
