// The site: what is served where, as what, for how long, and under which policy.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { buildSchema, parse, validate } from 'graphql';
import { base, post } from './server.mjs';

/** The whole policy: a directive more or less, or another source, is a decision to be made here. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
};

/** Of everything that is not a page: nothing is loaded, nothing runs, whatever a browser takes it for. */
const DATA_POLICY = { 'default-src': "'none'", 'frame-ancestors': "'none'", sandbox: '' };

const get = (path, options = {}) => fetch(new URL(path, base), { redirect: 'manual', ...options });

const PAGES = [
  ['/', 'da'],
  ['/en', 'en'],
  ['/graphiql', 'en'],
];

const MEDIA_TYPES = {
  css: /^text\/css(; ?charset=utf-8)?$/i,
  js: /^text\/javascript(; ?charset=utf-8)?$/i,
  svg: /^image\/svg\+xml(; ?charset=utf-8)?$/i,
  txt: /^text\/plain; ?charset=utf-8$/i,
};

/** The addresses in `src` and `href` of a page, as a browser reads them. */
const addresses = (html) =>
  [...html.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, address]) => address.replaceAll('&amp;', '&').replaceAll('&#39;', "'"));

function assertPolicy(response, expected = POLICY) {
  const policy = response.headers.get('content-security-policy') ?? '';
  const directives = policy
    .split(';')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '')
    .map((directive) => [directive.split(/\s+/)[0], directive.split(/\s+/).slice(1).join(' ')]);
  assert.deepEqual(Object.fromEntries(directives), expected);
}

async function assetsOfAllPages() {
  const pages = await Promise.all(PAGES.map(async ([path]) => (await get(path)).text()));
  const assets = new Set(pages.flatMap(addresses).filter((address) => address.startsWith('/assets/')));
  assert.ok(assets.size >= 5, `the pages name their assets: ${[...assets]}`);
  return [...assets];
}

describe('pages', () => {
  for (const [path, language] of PAGES) {
    test(`${path} is HTML in ${language}, under the policy, and asked for anew`, async () => {
      const response = await get(path);
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type'), /^text\/html; ?charset=utf-8$/i);
      assert.equal(response.headers.get('cache-control'), 'no-cache');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assertPolicy(response);
      const html = await response.text();
      assert.match(html, new RegExp(`<html lang="${language}">`));
      assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i, 'nothing inline');
    });
  }

  test('every address on the front pages leads somewhere on this server', async () => {
    for (const path of ['/', '/en']) {
      const page = await get(path);
      assert.equal(page.status, 200);
      const html = await page.text();
      assert.ok(addresses(html).length > 10);
      const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      for (const address of new Set(addresses(html))) {
        if (address.startsWith('#')) assert.ok(ids.includes(address.slice(1)), address);
        else assert.equal((await get(address)).status, 200, address);
      }
    }
  });

  describe('the example queries on the front page', async () => {
    const schema = buildSchema(await (await get('/schema.graphql')).text());
    for (const path of ['/', '/en']) {
      const links = addresses(await (await get(path)).text()).filter((address) => address.startsWith('/graphiql?'));
      const queries = new Set(links.map((link) => new URL(link, base).searchParams.get('query')));
      assert.ok(queries.size >= 6);
      for (const query of queries) {
        const name = parse(query).definitions[0].name.value;
        test(`${path} ${name} is valid, and the demo has an answer to it`, async () => {
          assert.deepEqual(validate(schema, parse(query)).map(({ message }) => message), []);
          const response = await post({ query });
          assert.equal(response.status, 200);
          const { data, errors } = await response.json();
          assert.equal(errors, undefined);
          assertAnswered(data, []);
        });
      }
    }
  });
});

/** Every list on the way holds something, but for the errors of an input that is fine. */
function assertAnswered(value, path) {
  if (Array.isArray(value)) {
    if (path.at(-1) === 'userErrors') assert.deepEqual(value, []);
    else assert.ok(value.length > 0, `${path.join('.')} is empty`);
  }
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) assertAnswered(inner, [...path, key]);
}

describe('assets', () => {
  test('those that the pages name: right type, kept for ever, not sniffed', async () => {
    for (const address of await assetsOfAllPages()) {
      assert.match(address, /-[0-9A-Z]{8}\.\w+$/, 'the name carries a hash of the content');
      const response = await get(address);
      assert.equal(response.status, 200, address);
      assert.match(response.headers.get('content-type') ?? '', MEDIA_TYPES[address.split('.').at(-1)], address);
      assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable', address);
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff', address);
      await response.arrayBuffer();
    }
  });

  test('what GraphiQL imports is there too', async () => {
    const script = (await assetsOfAllPages()).find((address) => address.endsWith('.js'));
    const source = await (await get(script)).text();
    const imports = new Set([...source.matchAll(/["']\.\/([\w-]+-[0-9A-Z]{8}\.js)["']/g)].map(([, name]) => name));
    assert.ok(imports.size > 0);
    for (const name of imports) {
      const response = await get(`/assets/${name}`, { method: 'HEAD' });
      assert.equal(response.status, 200, name);
    }
  });

  test('an unknown asset is 404 and not kept for ever', async () => {
    const response = await get('/assets/none-00000000.js');
    assert.equal(response.status, 404);
    assert.doesNotMatch(response.headers.get('cache-control') ?? '', /immutable/);
  });

  test('no way leads out of the folder', async () => {
    for (const path of ['/assets/../index.html', '/assets/%2e%2e/index.html', '/assets/..%2f..%2fpackage.json', '/assets/%2fetc/passwd']) {
      assert.ok([400, 404].includes(await statusOf(path)), path);
    }
  });
});

describe('plain routes', () => {
  for (const path of ['/healthz', '/readyz']) {
    test(`${path} is 200`, async () => {
      const response = await get(path);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assertPolicy(response, DATA_POLICY);
    });
  }

  test('/schema.graphql is the schema, as text', async () => {
    const response = await get('/schema.graphql');
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^(text\/plain|application\/graphql); ?charset=utf-8$/i);
    assert.ok(buildSchema(await response.text()).getQueryType());
  });

  test('an unknown path is 404, under the policy of data', async () => {
    const response = await get('/no/such/page');
    assert.equal(response.status, 404);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assertPolicy(response, DATA_POLICY);
  });

  test('HEAD answers like GET, without a body', async () => {
    const response = await get('/', { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.equal(await response.text(), '');
  });
});

/** Sends a path as it is written; `fetch` would resolve its dots first. */
function statusOf(path) {
  return new Promise((resolve, reject) => {
    const sent = request({ host: base.hostname, port: base.port || 80, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    sent.end();
  });
}
