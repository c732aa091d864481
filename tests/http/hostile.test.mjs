// What an attacker or a clumsy client does to a server: it has to answer or to close, and to go on serving the others.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_JSON, base, post, requestTimeoutMs } from './server.mjs';

const QUERY = '{"query":"{ __typename }"}';

/** The head of a request; the last one on its connection, unless it says something else. */
const head = (line, ...headers) => {
  const connection = headers.some((header) => header.startsWith('connection:')) ? [] : ['connection: close'];
  return [line, 'host: localhost', ...connection, ...headers, '', ''].join('\r\n');
};
const postHead = (...headers) => head('POST /graphql HTTP/1.1', 'content-type: application/json', ...headers);

/**
 * Sends bytes and hears what comes until the server closes, or for `ms`; `closed` tells which. `after` may go on
 * writing.
 */
function talk(bytes, { ms = 3_000, after = () => {}, half = false } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const socket = connect({ host: base.hostname, port: base.port, allowHalfOpen: true });
    const end = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      const heard = Buffer.concat(chunks);
      resolve({ closed, heard, text: heard.toString('latin1'), status: Number(heard.toString('latin1', 9, 12)) });
    };
    const timer = setTimeout(() => end(false), ms);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => end(true));
    socket.on('error', () => end(true));
    socket.on('connect', () => {
      socket.write(bytes);
      if (half) socket.end();
      after(socket);
    });
  });
}

afterEach(async () => {
  const response = await post(QUERY, { signal: AbortSignal.timeout(2_000) });
  assert.equal(response.status, 200, 'the server still answers');
});

describe('hostile HTTP', () => {
  for (const [name, bytes, ...statuses] of [
    ['a header of 1 MiB', head('GET / HTTP/1.1', `x: ${'x'.repeat(1 << 20)}`), 431],
    ['1,000 headers', head('GET / HTTP/1.1', ...Array.from({ length: 1_000 }, (_, n) => `x${n}: x`)), 431],
    ['an address of 100,000 letters', head(`GET /${'a'.repeat(100_000)} HTTP/1.1`), 414],
    ['an address that is not UTF-8 when decoded', head('GET /assets/%ff%fe%00 HTTP/1.1'), 400, 404],
    ['a query that is not UTF-8 when decoded', head('GET /graphql?query=%ff%fe HTTP/1.1', `accept: ${RESPONSE_JSON}`), 400],
    ['two lengths', `${postHead('content-length: 26', 'content-length: 27')}${QUERY} `, 400],
    ['a length that is no number', `${postHead('content-length: -1')}${QUERY}`, 400],
    ['a length of 2^64', postHead('content-length: 18446744073709551616'), 400],
    ['a chunk whose size is no number', `${postHead('transfer-encoding: chunked')}zz\r\n${QUERY}`, 400],
    ['a chunk of 2^64 bytes', `${postHead('transfer-encoding: chunked')}10000000000000000\r\n${QUERY}`, 400],
    ['an encoding of the transfer that nobody speaks', `${postHead('transfer-encoding: gzip')}${QUERY}`, 400],
    ['a compressed body', `${postHead('content-encoding: gzip', 'content-length: 26')}${QUERY}`, 415],
    ['a space before the colon', head('GET / HTTP/1.1', 'x : y'), 400],
    ['a line break in a header', 'GET / HTTP/1.1\r\nhost: localhost\r\nx: a\r\n b\r\n\r\n', 400],
    ['a NUL in a header', head('GET / HTTP/1.1', 'x: \0'), 400],
    ['a method of its own', head('BREW / HTTP/1.1'), 405],
    ['a version of its own', head('GET / HTTP/7.3'), 400],
    ['noise', randomBytes(4_096), 400],
    ['a handshake of TLS', Buffer.from('16030100a5010000a10303', 'hex'), 400],
    ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an upgrade without its key', head('GET /graphql HTTP/1.1', 'connection: upgrade', 'upgrade: websocket'), 400],
    ['CONNECT', head('CONNECT example.com:443 HTTP/1.1'), 400, 404, 405],
  ]) {
    test(name, async () => {
      const { closed, status, text } = await talk(bytes);
      // What cannot be read as HTTP may be left without a word.
      assert.ok(statuses.includes(status) || (closed && text === ''), `${closed} ${text.slice(0, 300)}`);
    });
  }

  test('twenty requests in one breath are answered in their order', async () => {
    const one = (n) => {
      const body = JSON.stringify({ query: `{ n${n}: __typename }` });
      return postHead('connection: keep-alive', `content-length: ${body.length}`) + body;
    };
    const { text } = await talk(
      Array.from({ length: 20 }, (_, n) => one(n)).join('') + head('GET /healthz HTTP/1.1', 'connection: close'),
    );
    const answers = [...text.matchAll(/"n(\d+)":"Query"/g)].map(([, n]) => Number(n));
    assert.deepEqual(answers, Array.from({ length: 20 }, (_, n) => n));
    assert.match(text, /"status":"ok"\}$/);
  });

  test('a body does not pass for a request of its own', async () => {
    const smuggled = head('GET /healthz HTTP/1.1');
    const { text } = await talk(
      `${postHead(`content-length: ${smuggled.length}`, 'transfer-encoding: chunked', 'connection: keep-alive')}0\r\n\r\n${smuggled}`,
    );
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length ?? 0, 1, text);
  });

  test('a client that has closed its half is answered, or closed upon', async () => {
    const { closed, status, text } = await talk(`${postHead(`content-length: ${QUERY.length}`)}${QUERY}`, { half: true });
    assert.ok(closed);
    assert.ok(status === 200 || text === '', text);
  });

  test('a body that stops is not waited for', async () => {
    const { status } = await talk(`${postHead('content-length: 100')}{`, { ms: requestTimeoutMs + 2_000 });
    assert.equal(status, 408);
  });

  test('a body that drips is not waited for', async () => {
    let drip;
    const { status } = await talk(`${postHead('content-length: 100000')}{`, {
      ms: requestTimeoutMs + 2_000,
      after: (socket) => {
        drip = setInterval(() => socket.writable && socket.write(' '), 100);
      },
    });
    clearInterval(drip);
    assert.equal(status, 408);
  });

  test('a client that goes away in the middle of a body', async () => {
    const { closed } = await talk(`${postHead('content-length: 100')}{`, { half: true });
    assert.ok(closed);
  });

  test('400 idle connections leave room for others', async () => {
    const idle = Array.from({ length: 400 }, () => connect({ host: base.hostname, port: base.port }));
    idle.forEach((socket) => socket.on('error', () => {}));
    await sleep(500);
    const response = await post(QUERY);
    assert.equal(response.status, 200);
    idle.forEach((socket) => socket.destroy());
  });
});

describe('hostile JSON', () => {
  const deep = (open, close, times = 20_000) => open.repeat(times) + close.repeat(times);
  for (const [name, body, status] of [
    ['a query of 20,000 levels', JSON.stringify({ query: `{ a(b: ${deep('{a:[', ']}')}) }` }), 400],
    ['variables of 20,000 objects', `{"query":"{ __typename }","variables":{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`, 400],
    ['extensions of 20,000 lists', `{"query":"{ __typename }","extensions":{"a":${deep('[', ']')}}}`, 400],
    ['brackets that never close', `{"query":"{ __typename }","variables":{"a":${'['.repeat(500_000)}`, 400],
    ['half a surrogate pair', '{"query":"{ __typename }","operationName":"\\ud800"}', 400],
    ['a number without end', `{"query":"{ __typename }","variables":{"n":${'9'.repeat(100_000)}}}`, 400, 200],
    ['an exponent without bounds', '{"query":"{ __typename }","variables":{"n":1e999999999}}', 400],
    ['a byte order mark', `\ufeff${QUERY}`, 400, 200],
    ['something behind the end', `${QUERY}${QUERY}`, 400],
    ['a NUL in the query', '{"query":"{ __typename \\u0000 }"}', 400],
    ['letters of all planes in a string', JSON.stringify({ query: '{ listings(filter: {text: "Ærø 👩‍👩‍👧 \u202e𝕏 e\u0301 \u2028"}) { totalCount } }' }), 200],
    ['100,000 letters to search for', JSON.stringify({ query: 'query ($t: String) { listings(filter: {text: $t}) { totalCount } }', variables: { t: 'æ '.repeat(50_000) } }), 200, 400],
    ['two queries under one key', '{"query":"{ thereIsNoSuchField }","query":"{ __typename }"}', 200, 400],
  ].map(([name, body, ...statuses]) => [name, body, statuses])) {
    test(name, async () => {
      const response = await post(body);
      const text = await response.text();
      assert.ok(status.includes(response.status), `${response.status} ${text.slice(0, 300)}`);
      JSON.parse(text);
    });
  }
});

describe('hostile WebSockets', () => {
  const upgrade = head(
    'GET /graphql HTTP/1.1',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol: graphql-transport-ws',
  );
  /** A frame as a client has to send it, but for what is asked to be wrong. */
  const frame = (payload, { opcode = 1, flags = 0x80, masked = true, length = Buffer.byteLength(payload) } = {}) => {
    const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, ...eight(length)];
    size[0] |= masked ? 0x80 : 0;
    // The mask is zero, which is one like any other.
    return Buffer.concat([Buffer.from([flags | opcode, ...size]), Buffer.alloc(masked ? 4 : 0), Buffer.from(payload)]);
  };
  const eight = (length) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(length));
    return bytes;
  };
  const init = frame('{"type":"connection_init"}');
  const subscribe = (payload) => frame(`{"type":"subscribe","id":"1","payload":${payload}}`);

  for (const [name, ...frames] of [
    ['a frame without a mask', frame('{}', { masked: false })],
    ['an opcode that is reserved', frame('{}', { opcode: 3 })],
    ['a flag that nobody agreed on', frame('{}', { flags: 0xc0 })],
    ['text that is not UTF-8', frame(Buffer.from([0xff, 0xfe]))],
    ['a ping that is too long', frame('x'.repeat(126), { opcode: 9 })],
    ['a ping in pieces', frame('x', { opcode: 9, flags: 0 })],
    ['a continuation of nothing', frame('x', { opcode: 0 })],
    ['a message of 2^62 bytes', frame('x', { length: 2 ** 62 })],
    ['a message of over 1 MiB in pieces', ...[frame('x', { flags: 0 }), ...Array(20).fill(frame('x'.repeat(60_000), { opcode: 0, flags: 0 }))]],
    ['noise', randomBytes(1_000)],
    ['a payload of 20,000 levels', frame(`{"type":"connection_init","payload":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`)],
    ['variables of 20,000 levels', init, subscribe(`{"query":"{ __typename }","variables":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`)],
    ['a close of one byte', frame('x', { opcode: 8 })],
    ['a close with a code that nobody may send', frame(Buffer.from([0x03, 0xed]), { opcode: 8 })],
  ]) {
    test(`${name}: closed`, async () => {
      const { closed, status } = await talk(Buffer.concat([Buffer.from(upgrade), ...frames]), { ms: 5_000 });
      assert.equal(status, 101);
      assert.ok(closed);
    });
  }

  test('a document of 20,000 levels: an error, and the connection stays', async () => {
    const query = JSON.stringify({ query: `${'{ a '.repeat(20_000)}${'}'.repeat(20_000)}` });
    const { closed, text } = await talk(Buffer.concat([Buffer.from(upgrade), init, subscribe(query)]), { ms: 800 });
    assert.match(text, /"type":"error"/);
    assert.ok(!closed);
  });

  test('a message in pieces, with a ping between them, is whole', async () => {
    const message = '{"type":"connection_init"}';
    const pieces = [
      frame(message.slice(0, 9), { flags: 0 }),
      frame('hello', { opcode: 9 }),
      frame(message.slice(9), { opcode: 0 }),
    ];
    const { text } = await talk(Buffer.concat([Buffer.from(upgrade), ...pieces]), { ms: 800 });
    assert.match(text, /connection_ack/);
    assert.match(text, /hello/);
  });

  test('1,000 operations at once: some are refused, all are heard of', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) =>
      frame(`{"type":"subscribe","id":"${n}","payload":{"query":"{ __typename }"}}`),
    );
    const { text } = await talk(Buffer.concat([Buffer.from(upgrade), init, ...many]), { ms: 2_500 });
    const heard = new Set([...text.matchAll(/\{"id":"(\d+)","(?:payload|type)":/g)].map(([, id]) => id));
    assert.equal(heard.size, 1_000);
  });

  test('a client that does not read is not written to for ever', async () => {
    const socket = connect({ host: base.hostname, port: base.port });
    socket.on('error', () => {});
    socket.pause();
    socket.write(Buffer.concat([Buffer.from(upgrade), init]));
    const query = subscribe('{"query":"{ themes { code label children { code label children { code } } } }"}');
    for (let n = 0; n < 200; n += 1) socket.write(query);
    await sleep(500);
    socket.destroy();
  });
});
