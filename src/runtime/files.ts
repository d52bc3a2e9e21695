/** Where the files of a compiled model come from: a URL, a folder on disk, or whatever the caller hands out by name. */
import { messageOf, RuntimeError } from './errors.ts';
import { builtin } from './platform.ts';

export type FileContent = Uint8Array | ArrayBuffer | Response | Blob | WebAssembly.Module;

/**
 * A folder's URL (or that of its model.json); in Node, Deno and Bun also a path; bytes by name; or a function that gives them. The
 * function may give a `WebAssembly.Module` for a .wasm file, where compiling at run time is forbidden (edge workers).
 */
export type ModelSource =
  | string
  | URL
  | ReadonlyMap<string, Uint8Array>
  | ((name: string, signal?: AbortSignal) => FileContent | Promise<FileContent>);

export const manifestName = 'model.json';

export interface ModelFiles {
  /** For errors. */
  readonly where: string;
  /** `stream` hears of each part that arrives, in order. Throws LOAD. */
  bytes(name: string, stream?: ByteStream): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether the source may hand out modules that are ready-made. */
  readonly mayBeModules: boolean;
  /** Of a .wasm file. Throws LOAD. */
  code(name: string): Promise<Uint8Array<ArrayBuffer> | WebAssembly.Module>;
}

export interface ByteStream {
  /** No more is read than that and one part. */
  readonly expectedBytes: number;
  arrived(bytes: number): void;
}

type Read = (name: string) => FileContent | undefined | Promise<FileContent | undefined>;

export function filesOf(source: ModelSource, signal?: AbortSignal): ModelFiles {
  if (typeof source === 'function')
    return {
      ...filesFrom('the given files', (name) => source(name, signal), signal),
      mayBeModules: true,
    };
  if (typeof source === 'object' && 'get' in source)
    return filesFrom('the given files', (name) => source.get(name), signal);
  const text = String(source);
  const fs = /^(?!file:)[a-z][a-z\d+.-]+:/i.test(text) ? undefined : builtin('node:fs/promises');
  if (fs !== undefined) {
    const folder = folderOf(text);
    const place = (name: string): string | URL =>
      text.startsWith('file:') ? new URL(name, folder) : folder + name;
    return filesFrom(folder, (name) => fs.readFile(place(name), { signal }), signal);
  }
  const base = urlOf(text);
  const { search } = base;
  base.pathname = folderOf(base.pathname);
  const where = base.origin + base.pathname;
  return filesFrom(where, (name) => fetched(new URL(name + search, base), signal), signal);
}

function folderOf(path: string): string {
  return path.endsWith(`/${manifestName}`) || path === manifestName
    ? path.slice(0, -manifestName.length) || './'
    : path.replace(/\/?$/, '/');
}

function urlOf(text: string): URL {
  try {
    return new URL(text, (globalThis as { location?: { href: string } }).location?.href);
  } catch (cause) {
    throw new RuntimeError(
      'LOAD',
      `'${text}'`,
      'it is no URL here',
      'Give a whole URL, or the files by a function (reading a path needs Node 20.16 or newer, Deno or Bun)',
      { cause },
    );
  }
}

async function fetched(url: URL, signal: AbortSignal | undefined): Promise<Response> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  if (!response.ok)
    throw new RuntimeError(
      'LOAD',
      url.href,
      `the server answers ${response.status}`,
      'Check that all files of the compiled model are served',
    );
  return response;
}

function filesFrom(where: string, read: Read, signal: AbortSignal | undefined): ModelFiles {
  const aborted = abortOf(signal);
  const named = async <T>(name: string, take: (content: FileContent) => Promise<T>): Promise<T> => {
    try {
      signal?.throwIfAborted();
      const content = await Promise.race([read(name), aborted]);
      if (content === undefined) throw new Error('it is not there');
      return await Promise.race([take(content), aborted]);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof RuntimeError) throw cause;
      throw new RuntimeError(
        'LOAD',
        `${where}: ${name}`,
        `it cannot be read: ${messageOf(cause)}`,
        'Check that all files that octavo compile wrote are there',
        { cause },
      );
    }
  };
  return {
    where,
    mayBeModules: false,
    bytes: (name, stream) => named(name, (content) => bytesOf(content, stream)),
    code: (name) => named(name, async (content) => (isModule(content) ? content : bytesOf(content))),
  };
}

/** Never resolves: rejects when the signal fires, also where the source does not listen to it. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  // Who is not loading any more does not care.
  aborted.catch(() => {});
  return aborted;
}

function isModule(content: FileContent): content is WebAssembly.Module {
  return content instanceof WebAssembly.Module;
}

async function bytesOf(content: FileContent, stream?: ByteStream): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Response && content.body !== null && stream !== undefined)
    return streamed(content.body, stream);
  const bytes = await wholeOf(content);
  stream?.arrived(bytes.length);
  return bytes;
}

async function wholeOf(content: FileContent): Promise<Uint8Array<ArrayBuffer>> {
  if (ArrayBuffer.isView(content)) {
    const { buffer, byteOffset, byteLength } = content;
    // The platform hashes no shared memory.
    return buffer instanceof ArrayBuffer
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  if (typeof (content as Partial<Blob> | null)?.arrayBuffer === 'function')
    return new Uint8Array(await (content as Blob).arrayBuffer());
  throw new TypeError(isModule(content) ? 'it is a module, not bytes' : 'what was given for it is no bytes');
}

/** Into one buffer of the size that is due. Of a longer body the part that is too much comes too, and no more. */
async function streamed(
  body: ReadableStream<Uint8Array>,
  { expectedBytes, arrived }: ByteStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(expectedBytes);
  const reader = body.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return all.subarray(0, length);
    if (length + value.length > expectedBytes) {
      await reader.cancel();
      return joined(all.subarray(0, length), value);
    }
    all.set(value, length);
    length += value.length;
    arrived(length);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
