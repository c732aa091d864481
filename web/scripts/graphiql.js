// The API explorer at /graphiql: GraphiQL with our fetcher, and a first query from the address.
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import '../styles/graphiql.css';
import { createFetcher } from './fetcher.js';
import { withoutHeaders } from './storage.js';

const endpoint = new URL('/graphql', window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

const asked = new URLSearchParams(window.location.search);

const welcome = `# Velkommen til Fælleds API. Skriv en forespørgsel, og tryk på ▶ (Ctrl-Enter).
# Welcome to Fælled's API. Write a query and press ▶ (Ctrl-Enter).
# Har du et token, så skriv det under «Headers». / Put your token, if any, under "Headers".

query Welcome {
  listings(first: 5) {
    totalCount
    nodes {
      kind
      title
    }
  }
}
`;

createRoot(document.getElementById('graphiql')).render(
  createElement(
    GraphiQL,
    {
      fetcher: createFetcher(endpoint.href, socket.href),
      query: asked.get('query') ?? undefined,
      variables: asked.get('variables') ?? undefined,
      defaultQuery: welcome,
      // A token is a secret: headers live in this page only and are never written to the browser's storage.
      storage: withoutHeaders(window.localStorage),
      shouldPersistHeaders: false,
      showPersistHeadersSettings: false,
      defaultHeaders: '{\n  "authorization": "Bearer "\n}',
      defaultEditorToolsVisibility: false,
    },
    createElement(GraphiQL.Logo, null, createElement('a', { className: 'home', href: '/' }, 'Fælled')),
  ),
);
