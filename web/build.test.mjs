// What `npm run build` and the pages' scripts promise. Run `npm run build` first.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXAMPLE_NAMES, readExamples } from './examples.mjs';
import { withoutHeaders } from './scripts/storage.js';

const root = path.dirname(fileURLToPath(import.meta.url));
const at = (...parts) => path.join(root, ...parts);

test('every example file is shown, titled in both languages, and has one operation', async () => {
  const files = (await readdir(at('examples'))).map((file) => path.parse(file).name);
  assert.deepEqual(files.sort(), [...EXAMPLE_NAMES].sort());
  for (const { title } of await readExamples(at('examples'))) assert.ok(title.da && title.en);
});

test('both languages say the same things', async () => {
  const keys = async (language) => Object.keys(JSON.parse(await readFile(at('words', `${language}.json`), 'utf8')));
  assert.deepEqual(await keys('en'), await keys('da'));
});

test('the pages name only assets that exist, and hold nothing that the policy refuses', async () => {
  const assets = await readdir(at('dist', 'assets'));
  for (const page of ['index.html', 'en.html', 'graphiql.html']) {
    const html = await readFile(at('dist', page), 'utf8');
    for (const [, name] of html.matchAll(/"\/assets\/([^"]+)"/g)) assert.ok(assets.includes(name), `${page}: ${name}`);
    assert.doesNotMatch(html, /\{\{|<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:/i, page);
  }
});

test('no header is ever written to the browser’s storage', () => {
  const written = new Map();
  const storage = withoutHeaders({ setItem: (key, value) => written.set(key, value) });
  const secret = '{"authorization":"Bearer secret"}';
  storage.setItem('graphiql:headers', secret);
  storage.setItem('graphiql:queries', JSON.stringify({ queries: [{ query: '{ a }', headers: secret }] }));
  storage.setItem('graphiql:tabState', JSON.stringify({ tabs: [{ query: '{ a }', headers: secret }] }));
  storage.setItem('graphiql:theme', 'dark');
  assert.deepEqual(Object.fromEntries(written), {
    'graphiql:queries': '{"queries":[{"query":"{ a }"}]}',
    'graphiql:tabState': '{"tabs":[{"query":"{ a }"}]}',
    'graphiql:theme': 'dark',
  });
});
