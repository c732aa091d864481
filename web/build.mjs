// Builds web/dist: `index.html` (Danish), `en.html`, `graphiql.html`, and `assets/` with content-hashed names.
//
// The same sources give the same bytes, so a changed name means changed content and assets may be cached for ever.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { readExamples } from './examples.mjs';
import { collectNotices } from './notices.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, 'dist');
const source = (...parts) => path.join(root, ...parts);

await rm(dist, { recursive: true, force: true });
await mkdir(path.join(dist, 'assets'), { recursive: true });

const bundle = await bundleScriptsAndStyles();
const assets = {
  ...bundle.names,
  icon: await writeHashed('icon.svg', await readFile(source('images', 'icon.svg'))),
  notices: await writeHashed('notices.txt', await collectNotices(root, bundle.packages)),
};

const [page, exampleItem, graphiql, landscape, examples] = await Promise.all([
  readFile(source('pages', 'index.html'), 'utf8'),
  readFile(source('pages', 'example.html'), 'utf8'),
  readFile(source('pages', 'graphiql.html'), 'utf8'),
  readFile(source('images', 'landscape.svg'), 'utf8'),
  readExamples(source('examples')),
]);
for (const [language, file] of [['da', 'index.html'], ['en', 'en.html']]) {
  const words = JSON.parse(await readFile(source('words', `${language}.json`), 'utf8'));
  const items = examples.map((example) =>
    fill(exampleItem, {
      ...words,
      name: example.name,
      question: example.title[language],
      query: example.query,
      href: graphiqlLink(example, language),
    }),
  );
  const html = fill(
    page,
    { ...words, heroHref: graphiqlLink(examples[0], language) },
    { examples: items.join('').trimEnd(), landscape: landscape.trim() },
  );
  await writeFile(path.join(dist, file), html);
}
await writeFile(path.join(dist, 'graphiql.html'), fill(graphiql, {}));

/** GraphiQL with its own style sheet, and the front page's style sheet. */
async function bundleScriptsAndStyles() {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { graphiql: 'scripts/graphiql.js', site: 'styles/site.css' },
    outdir: 'dist/assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    legalComments: 'none', // `notices.txt` carries them, whole.
    charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' },
    alias: { 'react-style-singleton': './scripts/style-singleton.js' },
    plugins: [withoutEmbeddedFonts()],
    metafile: true,
    logLevel: 'warning',
  });
  const names = {};
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    const name = `/assets/${path.basename(file)}`;
    if (output.entryPoint === 'scripts/graphiql.js') {
      names['graphiql.js'] = name;
      names['graphiql.css'] = `/assets/${path.basename(output.cssBundle)}`;
    } else if (output.entryPoint === 'styles/site.css') {
      names.site = name;
    }
  }
  const used = Object.values(result.metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => input),
  );
  return { names, packages: packagesOf(used) };
}

/** The folders (`node_modules/NAME`) of the packages that these input files belong to. */
function packagesOf(inputs) {
  const found = inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  return [...new Set(found.filter((folder) => folder !== undefined))].sort();
}

/** GraphiQL's style sheet carries 280 kB of fonts as `data:` addresses, which our policy (`font-src 'self'`) refuses. */
function withoutEmbeddedFonts() {
  return {
    name: 'without-embedded-fonts',
    setup(build) {
      build.onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path: file }) => {
        const css = await readFile(file, 'utf8');
        return { contents: css.replaceAll(/@font-face\s*\{[^}]*\}/g, ''), loader: 'css' };
      });
    },
  };
}

async function writeHashed(name, content) {
  const { name: stem, ext } = path.parse(name);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8).toUpperCase();
  await writeFile(path.join(dist, 'assets', `${stem}-${hash}${ext}`), content);
  return `/assets/${stem}-${hash}${ext}`;
}

/** The address of GraphiQL with this query, under its question in lines that a narrow editor has room for. */
function graphiqlLink({ title, query }, language) {
  const question = title[language].replaceAll(/(.{1,36})(?:\s+|$)/g, '# $1\n');
  return `/graphiql?query=${encodeURIComponent(question + query)}`;
}

/**
 * Fills a template: `{{key}}` with escaped text, `{{html:key}}` with our own markup as it is, `{{asset:name}}` with the
 * address of an asset. An unknown name is an error, so that no placeholder reaches a reader.
 */
function fill(template, text, html = {}) {
  return template.replaceAll(/\{\{(?:(html|asset):)?([\w.]+)\}\}/g, (placeholder, kind, key) => {
    const values = kind === 'html' ? html : kind === 'asset' ? assets : text;
    if (!Object.hasOwn(values, key)) throw new Error(`nothing to put in ${placeholder}`);
    return kind === 'html' ? values[key] : escapeHtml(values[key]);
  });
}

function escapeHtml(text) {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]);
}
