// Serves static files on this machine alone. `node examples/browser/serve.mjs [port] [--isolated]`: with --isolated under the two
// headers that let a page share memory between threads. Either way under a policy that allows nothing but its own scripts.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** `wasm-unsafe-eval` compiles WebAssembly and allows nothing else. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Starts a server of `folder` on localhost; port 0 takes a free one. */
export async function serve(folder, { port = 0, isolated = false } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = normalize(join(folder, decodeURIComponent(pathname === '/' ? '/index.html' : pathname)));
    if (!file.startsWith(folder + sep) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end('not found');
      return;
    }
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': statSync(file).size,
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      ...(isolated ? isolation : {}),
    });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'dist');
  if (!existsSync(folder)) {
    console.error('nothing to serve yet: run node examples/browser/build.mjs');
    process.exit(1);
  }
  const args = process.argv.slice(2);
  const isolated = args.includes('--isolated');
  const { url } = await serve(folder, { port: Number(args.find((a) => /^\d+$/.test(a)) ?? 8080), isolated });
  console.log(`${url} (${isolated ? 'threads can share memory' : 'one thread; --isolated for more'})`);
}
