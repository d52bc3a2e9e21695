/** Where the files of a compiled model come from: a URL, a folder on disk, or whatever the caller hands out by name. */
import { RuntimeError } from './errors.ts';

export type FileContent = Uint8Array | ArrayBuffer | Response | WebAssembly.Module;

/**
 * A folder's URL (or that of its model.json); in Node, Deno and Bun also a path; bytes by name; or a function that gives them. The
 * function may give a `WebAssembly.Module` for a .wasm file, where compiling at run time is forbidden (edge workers).
 */
export type ModelSource =
  | string
  | URL
  | ReadonlyMap<string, Uint8Array>
  | ((name: string) => FileContent | Promise<FileContent>);

export const manifestName = 'model.json';

export interface ModelFiles {
  readonly where: string;
  bytes(name: string): Promise<Uint8Array<ArrayBuffer>>;
  module(name: string): Promise<WebAssembly.Module>;
}

export function filesOf(source: ModelSource): ModelFiles {
  if (typeof source === 'function') return filesFrom('the given files', async (name) => source(name));
  if (typeof source === 'object' && 'get' in source)
    return filesFrom('the given files', async (name) => source.get(name) ?? missing('the given files', name));
  const text = String(source);
  const folder = text.endsWith(manifestName)
    ? text.slice(0, -manifestName.length)
    : text.replace(/\/?$/, '/');
  if (isOnDisk(folder)) return filesFrom(folder, (name) => readFromDisk(folder, name));
  const base = new URL(folder, (globalThis as { location?: { href: string } }).location?.href);
  return filesFrom(base.href, (name) => fetched(new URL(name, base)));
}

function filesFrom(where: string, read: (name: string) => Promise<FileContent>): ModelFiles {
  const readNamed = async (name: string): Promise<FileContent> => {
    try {
      return await read(name);
    } catch (cause) {
      if (cause instanceof RuntimeError) throw cause;
      throw new RuntimeError(
        'LOAD',
        `${where}: ${name}`,
        `it cannot be read: ${(cause as Error).message}`,
        'Check that all files of the compiled model are there',
        { cause },
      );
    }
  };
  const bytes = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
    const content = await readNamed(name);
    if (content instanceof WebAssembly.Module) return missing(where, name);
    if (content instanceof ArrayBuffer) return new Uint8Array(content);
    if (content instanceof Uint8Array) return content as Uint8Array<ArrayBuffer>;
    return new Uint8Array(await content.arrayBuffer());
  };
  return {
    where,
    bytes,
    module: async (name) => {
      const content = await readNamed(name);
      if (content instanceof WebAssembly.Module) return content;
      const code = content instanceof Response ? await content.arrayBuffer() : (content as BufferSource);
      try {
        return await WebAssembly.compile(code as BufferSource);
      } catch (cause) {
        throw new RuntimeError(
          'FORMAT',
          `${where}: ${name}`,
          `it does not compile: ${(cause as Error).message}`,
          'Compile the model again; under a content security policy allow wasm-unsafe-eval',
          { cause },
        );
      }
    },
  };
}

function missing(where: string, name: string): never {
  throw new RuntimeError(
    'LOAD',
    `${where}: ${name}`,
    'it is not there',
    'Give every file that octavo compile wrote',
  );
}

async function fetched(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok)
    throw new RuntimeError(
      'LOAD',
      url.href,
      `the server answers ${response.status}`,
      'Check that all files of the compiled model are served',
    );
  return response;
}

interface DiskAccess {
  readFile(path: string | URL): Promise<Uint8Array<ArrayBuffer>>;
}

/** Node's file system without an import that a bundler for browsers would follow. */
function disk(): DiskAccess | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  return process?.getBuiltinModule?.('node:fs/promises') as DiskAccess | undefined;
}

function isOnDisk(folder: string): boolean {
  return disk() !== undefined && (folder.startsWith('file:') || !/^[a-z][a-z\d+.-]+:/i.test(folder));
}

async function readFromDisk(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  return disk()!.readFile(folder.startsWith('file:') ? new URL(name, folder) : folder + name);
}
