// Where the server under test is, who speaks to it, and the two ways of asking it something.

if (!process.env.FAELLED_URL) {
  throw new Error('FAELLED_URL must hold the base address of a running server, such as http://127.0.0.1:8080');
}

export const base = new URL(process.env.FAELLED_URL);
export const graphqlUrl = new URL('/graphql', base);
export const socketUrl = new URL('/graphql', base);
socketUrl.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';

/** How long the server waits for `connection_init`, as it was started; in milliseconds. */
export const initTimeoutMs = Number(process.env.FAELLED_WS_INIT_TIMEOUT_MS ?? 3000);

/** How long a request may be on its way in, as the server was started; in milliseconds. */
export const requestTimeoutMs = Number(process.env.FAELLED_REQUEST_TIMEOUT_MS ?? 15_000);

export const volunteer = process.env.FAELLED_TOKEN_VOLUNTEER;
export const coordinator = process.env.FAELLED_TOKEN_COORDINATOR;

/** What `skip` should be for a test that needs this token: `false`, or why it cannot run. */
export const without = (token, name) => (token ? false : `${name} is not set`);

export const RESPONSE_JSON = 'application/graphql-response+json';

/** Sends a GraphQL request as our own clients do; `changes` replaces parts of the `fetch` options. */
export function post(body, { headers = {}, ...changes } = {}) {
  return fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: RESPONSE_JSON, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
    ...changes,
  });
}

/** Posts a listing with this title as the coordinator; answers its id, or throws with everything the server said. */
export async function postListing(title) {
  const response = await post(
    {
      query: /* GraphQL */ `
        mutation Post($input: PostListingInput!) {
          postListing(input: $input) {
            listing { id title }
            userErrors { code field message }
          }
        }
      `,
      variables: {
        input: {
          draft: {
            kind: 'NEED',
            title,
            task: 'Gå en tur med os og hjælp med at teste.',
            description: 'Et opslag, som testene selv har slået op.',
            themes: ['walking-friend'],
            place: { postalCode: '8800' },
            attendance: 'AT_MY_PLACE',
          },
        },
      },
    },
    { headers: { authorization: `Bearer ${coordinator}` } },
  );
  const answer = await response.text();
  const listing = JSON.parse(answer).data?.postListing?.listing;
  if (!listing) throw new Error(`postListing answered ${response.status}: ${answer}`);
  return listing.id;
}
