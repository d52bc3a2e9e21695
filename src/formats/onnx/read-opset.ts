/** OperatorSetIdProto. 'ai.onnx' is kept under '', the other spelling of ONNX's own domain. */
import { OperatorSetIdProto } from '../../wire/onnx-schema.ts';
import type { Field, Span } from '../../wire/protobuf.ts';
import type { Reading } from './reading.ts';
import { integerOf } from './reading.ts';

export interface Opset {
  readonly domain: string;
  readonly version: number;
}

export function readOpset(reading: Reading, span: Span): Opset {
  let domain = '';
  let version = 0;
  for (const field of reading.fields(OperatorSetIdProto, span)) {
    if (field.name === 'domain') domain = reading.text(field);
    else if (field.name === 'version') version = integerOf(reading, field) ?? 0;
  }
  return { domain: domain === 'ai.onnx' ? '' : domain, version };
}

/** Adds one to those known. The same domain twice is fine where the versions agree. */
export function addOpset(
  reading: Reading,
  field: Field,
  { opsets, opset }: { readonly opsets: Map<string, number>; readonly opset: Opset },
): void {
  const { domain, version } = opset;
  const known = opsets.get(domain);
  const label = domain === '' ? 'ai.onnx' : domain;
  if (version < 1) reading.problem(field.offset, `operator set ${label} has no version of 1 or more`);
  else if (known !== undefined && known !== version)
    reading.problem(field.offset, `operator set ${label} is imported as version ${known} and as ${version}`);
  opsets.set(domain, version);
}
