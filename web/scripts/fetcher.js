// Carries GraphiQL's operations: queries and mutations by HTTP POST, subscriptions by graphql-transport-ws.
import { getOperationAST } from 'graphql';
import { createClient } from 'graphql-ws';

/**
 * Makes the function that GraphiQL calls for every operation.
 *
 * The header editor is the one place to write a token. HTTP sends those headers as they are; a browser cannot set
 * headers on a WebSocket, so a subscription carries its `authorization` in the payload of `connection_init`.
 */
export function createFetcher(httpUrl, socketUrl) {
  let socket = null;
  let socketAuthorization = null;

  /** One idle-closing client for as long as the token is the same; another token needs another connection. */
  const socketFor = (authorization) => {
    if (socket === null || authorization !== socketAuthorization) {
      socket?.dispose();
      socketAuthorization = authorization;
      socket = createClient({
        url: socketUrl,
        connectionParams: authorization === undefined ? undefined : { authorization },
        retryAttempts: 2,
      });
    }
    return socket;
  };

  return (params, options = {}) => {
    const headers = stated(options.headers);
    if (isSubscription(params, options.documentAST)) {
      return socketFor(headers.authorization).iterate(params);
    }
    return post(httpUrl, params, headers);
  };
}

function isSubscription(params, document) {
  // GraphiQL's own introspection comes without a parsed document, and is a query.
  const operation = document && getOperationAST(document, params.operationName);
  return operation?.operation === 'subscription';
}

/** Header names in lower case, without those whose value is empty or a scheme that still waits for its token. */
function stated(headers = {}) {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), String(value).trim()])
      .filter(([, value]) => value !== '' && value.toLowerCase() !== 'bearer'),
  );
}

async function post(url, params, headers) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's error page, say: show the reader what came instead of a JSON syntax error.
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}: ${text.slice(0, 500)}` }] };
  }
}
