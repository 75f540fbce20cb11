// Builds portal/static/dist: style sheets, scripts, icon sprite, licences, manifest. `npm run build`, see docs/ui.md.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import * as sass from 'sass';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const modules = join(root, 'node_modules');
const out = join(here, '..', 'static', 'dist');
const target = ['chrome86'];

const SCRIPTS = {
  'early.js': 'js/early.js', 'portal.js': 'js/portal.js', 'charts.js': 'js/charts.js', 'combobox.js': 'js/combobox.js',
  'map.js': 'js/map.js',
};
const STYLES = { 'portal.css': 'scss/portal.scss', 'map.css': 'scss/map.scss' };
const LICENSED = {
  bootstrap: 'LICENSE', 'htmx.org': 'LICENSE', '@tabler/icons': 'LICENSE', echarts: ['LICENSE', 'NOTICE'],
  zrender: 'LICENSE', 'tom-select': 'LICENSE', '@orchidjs/sifter': 'LICENSE', '@orchidjs/unicode-variants': 'LICENSE',
  leaflet: 'LICENSE',
};

async function styles(entry) {
  const { css } = sass.compile(join(here, entry), {
    loadPaths: [modules],
    importers: [leaflet],
    logger: sass.Logger.silent, // Bootstrap 5.3 still uses @import; its warnings are not ours to mend
  });
  const { code } = await esbuild.transform(css, { loader: 'css', minify: true, target, legalComments: 'none' });
  return code;
}

// Leaflet's sheet names pictures of controls that we do not use: rules that would fetch them are left out.
const leaflet = {
  canonicalize: (url) => (url === 'leaflet/dist/leaflet.css' ? new URL('leaflet:style') : null),
  load: () => {
    const text = readFileSync(join(modules, 'leaflet', 'dist', 'leaflet.css'), 'utf8');
    return { contents: text.replace(/^[^\n{}]*\{[^{}]*url\([^{}]*\}/gm, ''), syntax: 'css' };
  },
};

async function script(entry) {
  const result = await esbuild.build({
    entryPoints: [join(here, entry)], bundle: true, minify: true, target, format: 'iife', write: false,
    charset: 'utf8', legalComments: 'none', absWorkingDir: root, nodePaths: [modules],
  });
  return result.outputFiles[0].text;
}

function iconNames() {
  return readFileSync(join(here, 'icons.txt'), 'utf8').split('\n').filter(Boolean).map((line) => line.split('=')).sort();
}

// One symbol an icon; stroke and size come from the .icon class of the <svg> that uses it.
function sprite(names) {
  const symbols = names.map(([name, drawn = name]) => {
    const filled = drawn.endsWith('-filled');
    const file = filled ? `filled/${drawn.slice(0, -7)}.svg` : `outline/${drawn}.svg`;
    const source = readFileSync(join(modules, '@tabler/icons/icons', file), 'utf8');
    const inner = source.replace(/<!--[\s\S]*?-->/g, '').replace(/^[\s\S]*?<svg[^>]*>/, '').replace('</svg>', '')
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '').replace(/\s*\n\s*/g, '');
    const body = filled ? `<g fill="currentColor" stroke="none">${inner}</g>` : inner;
    return `<symbol id="${name}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`;
}

function licences() {
  const parts = Object.entries(LICENSED).map(([name, files]) => {
    const about = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    const texts = [files].flat().map((file) => join(modules, name, file)).filter(existsSync)
      .map((file) => readFileSync(file, 'utf8').trim());
    const text = texts.join('\n\n') || `Licence: ${about.license}. ${about.homepage ?? ''}`;
    return `${name} ${about.version} (${about.license})\n${'='.repeat(60)}\n${text}\n`;
  });
  return parts.join('\n\n');
}

function hashed(name, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return name.replace(/\.(\w+)$/, `-${hash}.$1`);
}

// gzip differs between versions of zlib: an existing file that unpacks to the same text is kept, so that a build
// on another machine does not differ.
function writePacked(path, text) {
  const packed = `${path}.gz`;
  try {
    if (gunzipSync(readFileSync(packed)).toString('utf8') === text) return;
  } catch { /* missing or damaged: written below */ }
  writeFileSync(packed, gzipSync(text, { level: 9 }));
}

async function main() {
  const names = iconNames();
  const assets = { 'sprite.svg': sprite(names), 'favicon.svg': readFileSync(join(here, 'favicon.svg'), 'utf8') };
  for (const [name, entry] of Object.entries(STYLES)) assets[name] = await styles(entry);
  for (const [name, entry] of Object.entries(SCRIPTS)) assets[name] = await script(entry);
  mkdirSync(out, { recursive: true });
  const files = {};
  for (const [name, text] of Object.entries(assets)) {
    files[name] = hashed(name, text);
    writeFileSync(join(out, files[name]), text);
    writePacked(join(out, files[name]), text);
    console.log(`${files[name].padEnd(32)} ${String(text.length).padStart(8)} ${String(gzipSync(text).length).padStart(8)} gz`);
  }
  writeFileSync(join(out, 'LICENSES.txt'), licences());
  const sorted = Object.fromEntries(Object.entries(files).sort());
  writeFileSync(join(out, 'manifest.json'), JSON.stringify({ files: sorted, icons: names.map(([name]) => name) }, null, 1) + '\n');
  const wanted = new Set(['LICENSES.txt', 'manifest.json', ...Object.values(files).flatMap((name) => [name, `${name}.gz`])]);
  for (const name of readdirSync(out)) if (!wanted.has(name)) rmSync(join(out, name));
}

await main();
