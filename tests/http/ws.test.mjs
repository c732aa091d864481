// graphql-transport-ws: a full subscription by the common client, and the protocol's rules by a raw one.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { base, coordinator, initTimeoutMs, postListing, socketUrl, volunteer, without } from './server.mjs';

const PROTOCOL = 'graphql-transport-ws';
const SUBSCRIPTION = 'subscription { listingPosted { id title } }';

/** A raw connection: `send` takes an object or a text, `next` waits for a message, `closed` for the close frame. */
async function connect(t, protocols = [PROTOCOL]) {
  const socket = new WebSocket(socketUrl, protocols);
  t.after(() => socket.terminate());
  const messages = [];
  const waiting = [];
  const closed = new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  socket.on('message', (data) => {
    const message = JSON.parse(data.toString());
    const waiter = waiting.shift();
    if (waiter) waiter(message);
    else messages.push(message);
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const within = (promise, what, ms) =>
    Promise.race([
      promise,
      sleep(ms, undefined, { ref: false }).then(() => assert.fail(`no ${what} within ${ms} ms`)),
    ]);
  const connection = {
    socket,
    messages,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: (ms = 5_000) => {
      if (messages.length > 0) return Promise.resolve(messages.shift());
      const message = new Promise((resolve) => waiting.push(resolve));
      const early = closed.then((close) => assert.fail(`closed instead: ${close.code} ${close.reason}`));
      return within(Promise.race([message, early]), 'message', ms);
    },
    closed: (ms = 5_000) => within(closed, 'close', ms),
    async init(payload) {
      connection.send({ type: 'connection_init', payload });
      assert.equal((await connection.next()).type, 'connection_ack');
    },
    /** Returns when the server has read everything that was sent before. */
    async settle() {
      connection.send({ type: 'ping' });
      assert.equal((await connection.next()).type, 'pong');
      await sleep(200);
    },
    async assertClosed(code, reason) {
      const close = await connection.closed();
      assert.equal(close.code, code, `closed with ${close.code} ${close.reason}`);
      if (reason !== undefined) assert.equal(close.reason, reason);
    },
  };
  return connection;
}

const subscribe = (id, query, rest = {}) => ({ id, type: 'subscribe', payload: { query, ...rest } });

describe('graphql-transport-ws: subscriptions', () => {
  const skip = without(coordinator, 'FAELLED_TOKEN_COORDINATOR');

  test('the common client: subscribe, event, complete', { skip }, async (t) => {
    const client = createClient({
      url: socketUrl.href,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${coordinator}` },
    });
    t.after(() => client.dispose());
    const events = client.iterate({ query: SUBSCRIPTION });
    const first = events.next();
    await sleep(500);
    const title = `Testopslag ${randomUUID()}`;
    const id = await postListing(title);
    const event = await Promise.race([first, sleep(5_000, 'no event within 5 s', { ref: false })]);
    assert.deepEqual(event, { value: { data: { listingPosted: { id, title } } }, done: false });
    assert.deepEqual(await events.return(), { value: undefined, done: true });
  });

  test('without a token a public event arrives too', { skip }, async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send(subscribe('1', SUBSCRIPTION));
    await connection.settle();
    const title = `Testopslag ${randomUUID()}`;
    const id = await postListing(title);
    assert.deepEqual(await connection.next(), {
      id: '1',
      type: 'next',
      payload: { data: { listingPosted: { id, title } } },
    });
  });

  test('two subscriptions on one connection are told apart; a completed one is silent', { skip }, async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send(subscribe('a', SUBSCRIPTION));
    connection.send(subscribe('b', SUBSCRIPTION));
    await connection.settle();
    await postListing(`Testopslag ${randomUUID()}`);
    const ids = [(await connection.next()).id, (await connection.next()).id];
    assert.deepEqual(ids.sort(), ['a', 'b']);

    connection.send({ id: 'a', type: 'complete' });
    await connection.settle();
    await postListing(`Testopslag ${randomUUID()}`);
    assert.equal((await connection.next()).id, 'b');
    await sleep(300);
    assert.deepEqual(connection.messages, []);
  });
});

describe('graphql-transport-ws: answers', () => {
  test('connection_init without a payload, or with null or an empty one, is acknowledged', async (t) => {
    for (const init of ['{"type":"connection_init"}', '{"type":"connection_init","payload":null}', '{"type":"connection_init","payload":{}}']) {
      const connection = await connect(t);
      connection.send(init);
      assert.equal((await connection.next()).type, 'connection_ack');
    }
  });

  test('a known token is acknowledged', { skip: without(volunteer, 'FAELLED_TOKEN_VOLUNTEER') }, async (t) => {
    const connection = await connect(t);
    await connection.init({ authorization: `Bearer ${volunteer}` });
  });

  test('ping is answered with pong, before and after connection_init', async (t) => {
    const connection = await connect(t);
    connection.send({ type: 'ping' });
    assert.equal((await connection.next()).type, 'pong');
    await connection.init();
    connection.send({ type: 'ping', payload: { n: 1 } });
    assert.equal((await connection.next()).type, 'pong');
  });

  test('an unasked pong, and completing an unknown id, are ignored', async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send({ type: 'pong' });
    connection.send({ id: 'unknown', type: 'complete' });
    await connection.settle();
  });

  test('a query: next, then complete; its id is free again', async (t) => {
    const connection = await connect(t);
    await connection.init();
    for (let round = 0; round < 2; round += 1) {
      connection.send(subscribe('q', 'query Q($n: String!) { __type(name: $n) { name } }', { variables: { n: 'Query' } }));
      assert.deepEqual(await connection.next(), {
        id: 'q',
        type: 'next',
        payload: { data: { __type: { name: 'Query' } } },
      });
      assert.deepEqual(await connection.next(), { id: 'q', type: 'complete' });
    }
  });

  test('a mutation: next, then complete', async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send(subscribe('m', 'mutation { __typename }'));
    assert.deepEqual(await connection.next(), { id: 'm', type: 'next', payload: { data: { __typename: 'Mutation' } } });
    assert.deepEqual(await connection.next(), { id: 'm', type: 'complete' });
  });

  for (const [name, query] of [
    ['a syntax error', 'subscription {'],
    ['an unknown field', 'subscription { thereIsNoSuchField }'],
    ['a query of depth 50', `{ __type(name: "Query") { ${'ofType { '.repeat(50)} name ${'}'.repeat(50)} } }`],
  ]) {
    test(`${name}: an error message with a code; the connection stays and the id is free`, async (t) => {
      const connection = await connect(t);
      await connection.init();
      connection.send(subscribe('e', query));
      const message = await connection.next();
      assert.equal(message.type, 'error');
      assert.equal(message.id, 'e');
      assert.ok(Array.isArray(message.payload) && message.payload.length > 0, 'the payload is a list of errors');
      for (const error of message.payload) {
        assert.match(error.extensions?.code ?? '(none)', /^[A-Z][A-Z0-9_]*$/, `the code of: ${error.message}`);
      }
      connection.send(subscribe('e', '{ __typename }'));
      assert.equal((await connection.next()).type, 'next', 'an error ends its operation without a complete');
    });
  }
});

describe('graphql-transport-ws: close codes', () => {
  for (const [name, message] of [
    ['text that is not JSON', 'hello'],
    ['an array', '[]'],
    ['a message without a type', '{}'],
    ['an unknown type', '{"type":"start"}'],
    ['subscribe without an id', '{"type":"subscribe","payload":{"query":"{ __typename }"}}'],
    ['subscribe without a payload', '{"id":"1","type":"subscribe"}'],
    ['subscribe without a query', '{"id":"1","type":"subscribe","payload":{}}'],
    ['an id that is not a string', '{"id":1,"type":"subscribe","payload":{"query":"{ __typename }"}}'],
  ]) {
    test(`4400: ${name}`, async (t) => {
      const connection = await connect(t);
      await connection.init();
      connection.send(message);
      await connection.assertClosed(4400);
    });
  }

  test('4401: subscribe before the acknowledgement', async (t) => {
    const connection = await connect(t);
    connection.send(subscribe('1', '{ __typename }'));
    await connection.assertClosed(4401, 'Unauthorized');
  });

  for (const authorization of ['Bearer not-a-token', 'Basic dXNlcjpwYXNz', 17]) {
    test(`4403: the authorization ${JSON.stringify(authorization)}`, async (t) => {
      const connection = await connect(t);
      connection.send({ type: 'connection_init', payload: { authorization } });
      await connection.assertClosed(4403, 'Forbidden');
    });
  }

  test('4406: no subprotocol', async () => {
    assert.deepEqual(await handshake(undefined), { code: 4406, reason: 'Subprotocol not acceptable' });
  });

  test('4406: the older subprotocol alone', async () => {
    assert.deepEqual(await handshake('graphql-ws'), { code: 4406, reason: 'Subprotocol not acceptable' });
  });

  test('ours is chosen among several subprotocols', async (t) => {
    const connection = await connect(t, ['graphql-ws', PROTOCOL]);
    assert.equal(connection.socket.protocol, PROTOCOL);
  });

  test('4408: no connection_init within the wait time', async (t) => {
    const connection = await connect(t);
    const begin = performance.now();
    const close = await connection.closed(initTimeoutMs + 2_000);
    assert.deepEqual(close, { code: 4408, reason: 'Connection initialisation timeout' });
    assert.ok(performance.now() - begin > initTimeoutMs * 0.8, 'not before the time is up');
  });

  test('a ping does not put off 4408', async (t) => {
    const connection = await connect(t);
    const pings = setInterval(() => connection.send({ type: 'ping' }), initTimeoutMs / 4);
    t.after(() => clearInterval(pings));
    assert.equal((await connection.closed(initTimeoutMs + 2_000)).code, 4408);
  });

  test('an acknowledged connection outlives the wait time', async (t) => {
    const connection = await connect(t);
    await connection.init();
    await sleep(initTimeoutMs + 500);
    await connection.settle();
  });

  test('4409: a subscriber id in use', async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send(subscribe('twin', SUBSCRIPTION));
    await connection.settle();
    connection.send(subscribe('twin', SUBSCRIPTION));
    await connection.assertClosed(4409, 'Subscriber for twin already exists');
  });

  test('4429: a second connection_init', async (t) => {
    const connection = await connect(t);
    await connection.init();
    connection.send({ type: 'connection_init' });
    await connection.assertClosed(4429, 'Too many initialisation requests');
  });
});

/**
 * Upgrades by hand and reads the first frame, which must be a close frame. A client library can't: it hangs up on its
 * own when the server picks none of the subprotocols that it asked for.
 */
function handshake(protocol) {
  return new Promise((resolve, reject) => {
    const upgrade = request({
      host: base.hostname,
      port: base.port || 80,
      path: '/graphql',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        ...(protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }),
      },
      timeout: 5_000,
    });
    upgrade.on('timeout', () => upgrade.destroy(new Error('no answer within 5 s')));
    upgrade.on('error', reject);
    upgrade.on('response', (response) => {
      response.resume();
      reject(new Error(`the upgrade was answered ${response.statusCode}`));
    });
    upgrade.on('upgrade', (_response, socket, head) => {
      let bytes = head;
      const read = () => {
        const length = bytes.length < 2 ? Infinity : bytes[1] & 0x7f;
        if (bytes.length < 2 + length) return;
        socket.destroy();
        if (bytes[0] !== 0x88) return reject(new Error(`not a close frame: ${bytes.toString('hex')}`));
        resolve({ code: bytes.readUInt16BE(2), reason: bytes.subarray(4, 2 + length).toString() });
      };
      socket.setTimeout(5_000, () => socket.destroy(new Error('no frame within 5 s')));
      socket.on('error', reject);
      socket.on('data', (more) => {
        bytes = Buffer.concat([bytes, more]);
        read();
      });
      read();
    });
    upgrade.end();
  });
}
