// Builds dist/verify.html: one file that holds the page, its style, the worker, and the licences of what it bundles.
// The same sources and lock give the same bytes; `--check` says whether the committed file is what the sources give.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, 'dist/verify.html');
const LIBRARIES = ['@noble/ciphers', '@noble/curves', '@noble/hashes'];

/** One script of everything that `entry` imports, readable as it stands. */
async function script(entry) {
  const made = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'inline',
    logLevel: 'warning',
    metafile: true,
  });
  const text = made.outputFiles[0].text;
  if (/<\/script|<!--/i.test(text)) throw new Error(`${entry}: holds what would end its script element`);
  return { text, inputs: Object.keys(made.metafile.inputs) };
}

const escaped = (text) => text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char]);
const pin = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function licences(inputs) {
  const packages = new Set(inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean));
  for (const name of packages) {
    if (!LIBRARIES.includes(name)) throw new Error(`${name} is bundled and its licence is not told`);
  }
  return [...packages].sort().map((name) => {
    const folder = join(here, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
  }).join('\n');
}

async function page() {
  const read = (path) => readFileSync(join(here, path), 'utf8');
  const [main, worker] = [await script('src/page/main.js'), await script('src/worker.js')];
  const style = read('src/page/style.css');
  const parts = {
    // The scripts and the style of this very file, a worker made from a blob of it, and nothing else.
    CSP: `default-src 'none'; script-src ${pin(main.text)}; style-src ${pin(style)}; worker-src blob:; base-uri 'none'; form-action 'none'`,
    STYLE: style,
    LICENCES: escaped(licences([...main.inputs, ...worker.inputs])),
    WORKER: worker.text,
    SCRIPT: main.text,
  };
  return read('src/page/index.html').replace(/\{\{([A-Z]+)\}\}/g, (_, name) => parts[name]);
}

const text = await page();
if (process.argv.includes('--check')) {
  const held = readFileSync(built, 'utf8');
  if (held !== text) {
    console.error('verifier/dist/verify.html is not what its sources give: run `npm run build` in verifier/ and commit it');
    process.exit(1);
  }
  console.log(`verifier/dist/verify.html is what its sources give (${Buffer.byteLength(text)} bytes)`);
} else {
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, text);
  console.log(`verifier/dist/verify.html: ${Buffer.byteLength(text)} bytes`);
}
