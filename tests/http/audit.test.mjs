// GraphQL over HTTP: the public audits of `graphql-http`, and the rules that are ours.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { RESPONSE_JSON, graphqlUrl, post, volunteer, without } from './server.mjs';

const MIB = 1024 * 1024;

/** Asserts an answer that is an error: its status, a JSON media type, and a code on every error. Returns the body. */
async function assertRefused(response, ...statuses) {
  const text = await response.text();
  assert.ok(statuses.includes(response.status), `answered ${response.status}, not ${statuses.join(' or ')}: ${text.slice(0, 300)}`);
  assert.match(
    response.headers.get('content-type') ?? '',
    /^application\/(graphql-response\+)?json; ?charset=utf-8$/i,
    'the content type of an error',
  );
  const body = JSON.parse(text);
  assert.ok(Array.isArray(body.errors) && body.errors.length > 0, 'there are errors');
  for (const error of body.errors) {
    assert.equal(typeof error.message, 'string', 'an error has a message');
    assert.match(error.extensions?.code ?? '(none)', /^[A-Z][A-Z0-9_]*$/, `the code of: ${error.message}`);
  }
  assert.ok(!('data' in body), 'a refused request has no data');
  return body;
}

async function assertQuick(limitMs, action) {
  const begin = performance.now();
  const result = await action();
  const took = performance.now() - begin;
  assert.ok(took < limitMs, `took ${Math.round(took)} ms, more than ${limitMs} ms`);
  return result;
}

describe('GraphQL over HTTP: public audits', () => {
  for (const audit of serverAudits({ url: graphqlUrl.href })) {
    // An audit that MAY pass is a choice of ours; its result is told, not required.
    const required = /^(MUST|SHOULD)\b/.test(audit.name);
    test(`${audit.id} ${audit.name}`, async (t) => {
      const result = await audit.fn();
      if (result.status === 'ok') return;
      const reason = `${audit.id} ${audit.name}: ${result.reason} (HTTP ${result.response?.status})`;
      if (required) assert.fail(reason);
      t.diagnostic(`not required: ${reason}`);
    });
  }
});

describe('GraphQL over HTTP: what is accepted', () => {
  test('POST with JSON', async () => {
    const response = await post({ query: '{ __typename }' });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^application\/graphql-response\+json; ?charset=utf-8$/i);
    assert.deepEqual(await response.json(), { data: { __typename: 'Query' } });
  });

  test('GET with a query', async () => {
    const url = new URL(graphqlUrl);
    url.searchParams.set('query', 'query A { __typename } query B { b: __typename }');
    url.searchParams.set('operationName', 'B');
    const response = await fetch(url, { headers: { accept: RESPONSE_JSON } });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { data: { b: 'Query' } });
  });

  test('the better of two accepted media types', async () => {
    const response = await post(
      { query: '{ __typename }' },
      { headers: { accept: `application/json;q=0.5, ${RESPONSE_JSON};q=0.9, text/html;q=0.1` } },
    );
    assert.match(response.headers.get('content-type'), /^application\/graphql-response\+json/);
  });

  test('a body of just under 1 MiB', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const response = await post(body.padEnd(MIB - 1, ' '));
    assert.equal(response.status, 200);
  });

  test('a known token', { skip: without(volunteer, 'FAELLED_TOKEN_VOLUNTEER') }, async () => {
    const response = await post({ query: '{ __typename }' }, { headers: { authorization: `Bearer ${volunteer}` } });
    assert.equal(response.status, 200);
  });

  test('the introspection query of common tools', async () => {
    const { getIntrospectionQuery, buildClientSchema } = await import('graphql');
    const response = await post({ query: getIntrospectionQuery({ inputValueDeprecation: true, oneOf: false }) });
    assert.equal(response.status, 200);
    const { data, errors } = await response.json();
    assert.equal(errors, undefined);
    assert.ok(buildClientSchema(data).getQueryType());
  });
});

describe('GraphQL over HTTP: what is refused', () => {
  test('a mutation by GET: 405, Allow: POST', async () => {
    const url = new URL(graphqlUrl);
    url.searchParams.set('query', 'mutation { __typename }');
    for (const accept of [RESPONSE_JSON, 'application/json', '*/*']) {
      const response = await fetch(url, { headers: { accept } });
      assert.match(response.headers.get('allow') ?? '', /\bPOST\b/);
      await assertRefused(response, 405);
    }
  });

  test('a mutation by GET, hidden behind a query of the same document: 405', async () => {
    const url = new URL(graphqlUrl);
    url.searchParams.set('query', 'query Read { __typename } mutation Write { __typename }');
    url.searchParams.set('operationName', 'Write');
    await assertRefused(await fetch(url), 405);
  });

  test('a subscription by POST', async () => {
    await assertRefused(await post({ query: 'subscription { listingPosted { id } }' }), 400, 405);
  });

  for (const [name, type] of [
    ['text/plain', 'text/plain'],
    ['text/plain with a charset', 'text/plain;charset=UTF-8'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['application/graphql', 'application/graphql'],
    ['JSON in another charset', 'application/json; charset=iso-8859-1'],
    ['a media type that only begins like JSON', 'application/json-seq'],
  ]) {
    test(`a body as ${name}: 415`, async () => {
      const response = await post({ query: '{ __typename }' }, { headers: { 'content-type': type } });
      await assertRefused(response, 415);
    });
  }

  test('a multipart body: 415', async () => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: '{ __typename }' }));
    form.set('map', '{}');
    const response = await fetch(graphqlUrl, { method: 'POST', headers: { accept: RESPONSE_JSON }, body: form });
    await assertRefused(response, 415);
  });

  test('a body without a content type: 415', async () => {
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { accept: RESPONSE_JSON },
      body: new TextEncoder().encode('{"query":"{ __typename }"}'),
    });
    await assertRefused(response, 415);
  });

  for (const [name, body] of [
    ['an array of requests', '[{"query":"{ __typename }"}]'],
    ['an empty array', '[]'],
    ['a string', '"{ __typename }"'],
    ['null', 'null'],
    ['malformed JSON', '{"query": "{ __typename }"'],
    ['JSON that is not UTF-8', Buffer.from('{"query":"{ __typename }","operationName":"\xe6"}', 'latin1')],
    ['an empty body', ''],
    ['no query', '{"variables":{}}'],
    ['variables that are a list', '{"query":"{ __typename }","variables":[1]}'],
    ['JSON nested 20,000 levels deep', `{"query":"{ __typename }","variables":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
  ]) {
    for (const accept of [RESPONSE_JSON, 'application/json']) {
      test(`${name}: 400 as ${accept}`, async () => {
        await assertRefused(await post('', { body, headers: { accept } }), 400);
      });
    }
  }

  for (const [name, request] of [
    ['an unknown operationName', { query: 'query A { __typename }', operationName: 'B' }],
    ['two operations and no operationName', { query: 'query A { __typename } query B { __typename }' }],
    ['a document without an operation', { query: 'fragment F on Query { __typename }' }],
    ['an empty query', { query: '' }],
    ['a syntax error', { query: '{' }],
    ['an unknown field', { query: '{ thereIsNoSuchField }' }],
    ['a variable of the wrong type', { query: 'query ($n: String!) { __type(name: $n) { name } }', variables: { n: 1 } }],
  ]) {
    test(`${name}: 400`, async () => {
      await assertRefused(await post(request), 400);
    });
  }

  test('a body of over 1 MiB: 413', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    await assertRefused(await post(body.padEnd(MIB + 1, ' ')), 413);
  });

  test('a body of over 1 MiB that does not tell its length: 413', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    let left = 17;
    const body = new ReadableStream({
      pull(controller) {
        if (left === 0) controller.close();
        else controller.enqueue(chunk);
        left -= 1;
      },
    });
    await assertRefused(await post('', { body, duplex: 'half' }), 413);
  });

  test('an accept header that names nothing we speak: 406', async () => {
    const response = await post({ query: '{ __typename }' }, { headers: { accept: 'text/html' } });
    await assertRefused(response, 406);
  });

  for (const authorization of ['Bearer not-a-token', 'Bearer ', 'Basic dXNlcjpwYXNz']) {
    test(`the authorization "${authorization}": 401 with WWW-Authenticate: Bearer`, async () => {
      const response = await post({ query: '{ __typename }' }, { headers: { authorization } });
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer\b/i);
      await assertRefused(response, 401);
    });
  }

  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    test(`the method ${method}: 405, Allow: GET, POST`, async () => {
      const response = await post({ query: '{ __typename }' }, { method });
      const allowed = (response.headers.get('allow') ?? '').split(/,\s*/);
      assert.ok(allowed.includes('GET') && allowed.includes('POST'), `Allow: ${allowed}`);
      await assertRefused(response, 405);
    });
  }
});

describe('GraphQL over HTTP: hostile documents are refused quickly', () => {
  const nested = (open, inner, close, times) => `${open.repeat(times)}${inner}${close.repeat(times)}`;
  const fragments = (count, fragment) => Array.from({ length: count }, (_, n) => fragment(n)).join(' ');
  const documents = {
    'a query of depth 50': `{ __type(name: "Query") { ${nested('ofType { ', 'name', ' }', 50)} } }`,
    'a query of depth 50 through fragments': `{ __type(name: "Query") { ...F0 } } ${fragments(
      50,
      (n) => `fragment F${n} on __Type { ofType { ...F${n + 1} } }`,
    )} fragment F50 on __Type { name }`,
    // 2^30 fields when it is written out.
    'a fragment bomb': `{ ...F0 } ${fragments(
      30,
      (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`,
    )} fragment F30 on Query { __typename }`,
    'a fragment bomb with aliased fields': `{ __type(name: "Query") { ...F0 } } ${fragments(
      14,
      (n) => `fragment F${n} on __Type { a: ofType { ...F${n + 1} } b: ofType { ...F${n + 1} } }`,
    )} fragment F14 on __Type { name }`,
    'a fragment that spreads itself': '{ ...F } fragment F on Query { __typename ...F }',
    'braces nested 20,000 levels deep': nested('{ a ', '', '}', 20_000),
    'a list value nested 20,000 levels deep': `{ __type(name: ${nested('[', '', ']', 20_000)}) { name } }`,
    'a list type nested 20,000 levels deep': `query ($a: ${nested('[', 'Int', ']', 20_000)}) { __typename }`,
  };
  for (const [name, query] of Object.entries(documents)) {
    test(name, async () => {
      await assertRefused(await assertQuick(2_000, () => post({ query })), 400);
      const after = await assertQuick(2_000, () => post({ query: '{ __typename }' }));
      assert.equal(after.status, 200, 'the server still answers');
    });
  }
});
