// The public API as a golden file: a name, a parameter or a field that comes, goes or changes shows up in a diff.
// To accept a change on purpose: UPDATE_GOLDEN=1 npx vitest run test/public-api.test.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import * as compile from '../src/compile.ts';
import * as browser from '../src/index.ts';
import * as node from '../src/node.ts';
import * as reference from '../src/reference.ts';
import * as runtime from '../src/runtime/index.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const golden = join(root, 'test/public-api.txt');

const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
const entries = {
  octavo: 'src/index.ts',
  'octavo/compile': 'src/compile.ts',
  'octavo/reference': 'src/reference.ts',
  'octavo/node': 'src/node.ts',
  'octavo/runtime': 'src/runtime/index.ts',
};
const program = ts.createProgram(
  Object.values(entries).map((file) => join(root, file)),
  options,
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

interface Exported {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly isType: boolean;
}

function exportsOf(file: string): readonly Exported[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, file))!)!;
  return checker
    .getExportsOfModule(module)
    .map((alias): Exported => {
      const symbol = (alias.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(alias) : alias;
      return { name: alias.name, symbol, isType: (symbol.flags & ts.SymbolFlags.Value) === 0 };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function describe({ name, symbol }: Exported): string {
  const declarations = symbol.declarations!;
  const declaration = declarations[0]!;
  if (ts.isFunctionDeclaration(declaration))
    return (declarations as ts.FunctionDeclaration[])
      .filter((d) => d.body === undefined || declarations.length === 1)
      .map((d) => `function ${name}${signatureText(d)}`)
      .join('\n');
  if (ts.isClassDeclaration(declaration)) return classText(name, declaration);
  if (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration))
    return printed(declaration).replace(/^export /, '');
  return `const ${name}: ${valueType(symbol)}`;
}

function printed(node: ts.Node): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
}

/** As written, comments and defaults' values aside. */
function signatureText(declaration: ts.SignatureDeclaration): string {
  const generics = declaration.typeParameters?.map(printed).join(', ');
  const parameters = declaration.parameters.map((p) => printed(p).replace(/ = [\s\S]*$/, ' = ...'));
  const result = declaration.type === undefined ? '' : `: ${printed(declaration.type)}`;
  return `${generics === undefined ? '' : `<${generics}>`}(${parameters.join(', ')})${result}`;
}

/** A written type as it stands; of an inferred object only its keys, for what they hold is no promise. */
function valueType(symbol: ts.Symbol): string {
  const declaration = symbol.declarations![0]!;
  if (ts.isVariableDeclaration(declaration) && declaration.type !== undefined)
    return printed(declaration.type);
  const type = checker.getTypeOfSymbol(symbol);
  if (checker.isTupleType(type) || type.symbol?.name !== '__object')
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  const keys = type.getProperties().map((p) => p.name);
  return `{ ${keys.join(', ')} }`;
}

function classText(name: string, declaration: ts.ClassDeclaration): string {
  const heritage = declaration.heritageClauses?.map(printed).join('') ?? '';
  const members = declaration.members.filter(isPublic).map((member) => `  ${memberText(member)}`);
  return [`class ${name}${heritage} {`, ...members, '}'].join('\n');
}

function isPublic(member: ts.ClassElement): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const isNamedPrivate = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  return !isNamedPrivate && (ts.getCombinedModifierFlags(member) & hidden) === 0;
}

function memberText(member: ts.ClassElement): string {
  const modifiers = (ts.getModifiers(member as ts.PropertyDeclaration) ?? []).map((m) => `${printed(m)} `);
  const prefix = `${modifiers.join('')}${ts.isGetAccessor(member) ? 'get ' : ''}`;
  if (ts.isConstructorDeclaration(member)) return `constructor${signatureText(member)}`;
  const name = printed(member.name!);
  if (ts.isMethodDeclaration(member) || ts.isGetAccessor(member))
    return `${prefix}${name}${signatureText(member)}`;
  const { type } = member as ts.PropertyDeclaration;
  return `${prefix}${name}${type === undefined ? '' : `: ${printed(type)}`}`;
}

function apiText(): string {
  const known = new Set<string>();
  const parts: string[] = [];
  for (const [entry, file] of Object.entries(entries)) {
    const isMore = entry === 'octavo/node';
    const own = exportsOf(file).filter((e) => !isMore || !known.has(e.name));
    for (const { name } of own) known.add(name);
    parts.push(`# ${entry}${isMore ? ' (besides all of these)' : ''}`, ...own.map(describe));
  }
  return `${parts.join('\n\n')}\n`;
}

test('the public API is what test/public-api.txt says', () => {
  const text = apiText();
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(golden, text);
  expect(text, 'on purpose? UPDATE_GOLDEN=1 npx vitest run test/public-api.test.ts').toBe(
    readFileSync(golden, 'utf8'),
  );
});

test('every value the types promise is there when it runs, and no other', () => {
  const promised = (file: string) => exportsOf(file).flatMap((e) => (e.isType ? [] : [e.name]));
  expect(Object.keys(browser).sort()).toEqual(promised(entries.octavo));
  expect(Object.keys(compile).sort()).toEqual(promised(entries['octavo/compile']));
  expect(Object.keys(reference).sort()).toEqual(promised(entries['octavo/reference']));
  expect(Object.keys(node).sort()).toEqual(promised(entries['octavo/node']));
  expect(Object.keys(runtime).sort()).toEqual(promised(entries['octavo/runtime']));
  expect(Object.keys(node)).toEqual(expect.arrayContaining(Object.keys(browser)));
});
