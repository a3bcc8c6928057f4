// Builds ../assets from npm packages: `npm ci && node build.mjs` in this folder. Needs the network
// once; the result is committed, so neither running nor installing the server needs node.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const assets = new URL('../assets/', import.meta.url);
const entries = {
  graphiql: 'app.jsx',
  'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
  'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
  'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
};

// The licence text of every package that ended up in a bundle, once each.
async function licences(inputs) {
  const folders = new Set(
    inputs.map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean),
  );
  const texts = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    let text = file ? (await readFile(`${folder}/${file}`, 'utf8')).trim() : `Licence: ${license}`;
    const notices = `${folder}/ThirdPartyNotices.txt`; // what monaco-editor itself contains
    if (existsSync(notices)) text += `\n\n${(await readFile(notices, 'utf8')).trim()}`;
    const key = createHash('sha256').update(text).digest('hex');
    const known = texts.get(key) ?? { text, names: [] };
    known.names.push(`${name} ${version} (${license})`);
    texts.set(key, known);
  }
  return [...texts.values()]
    .map(({ names, text }) => `${[...new Set(names)].join('\n')}\n\n${text}\n`)
    .join(`\n${'='.repeat(78)}\n\n`);
}

// Text fonts are two thirds of the style sheet and the system's own serve as well; icons stay.
function withoutFonts(css) {
  return Buffer.from(css)
    .toString('utf8')
    .replace(/@font-face\s*\{[^}]*font-family:\s*["']?(?:Roboto|Fira Code)["']?[^}]*\}/g, '');
}

for (const name of await readdir(assets)) {
  if (name !== 'README.md') await rm(new URL(name, assets));
}
const inputs = new Set();
for (const [name, entry] of Object.entries(entries)) {
  const result = await build({
    entryPoints: { [name]: existsSync(entry) ? entry : `node_modules/${entry}` },
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.ttf': 'dataurl', '.woff2': 'dataurl' },
    legalComments: 'none',
    metafile: true,
    write: false,
    outdir: 'out',
  });
  Object.keys(result.metafile.inputs).forEach((path) => inputs.add(path));
  for (const { path, contents } of result.outputFiles) {
    const packed = gzipSync(path.endsWith('.css') ? withoutFonts(contents) : contents, { level: 9 });
    await writeFile(new URL(`${path.split('/').pop()}.gz`, assets), packed);
  }
}
await writeFile(new URL('LICENSES.txt', assets), await licences([...inputs]));
