// GraphiQL's memory in the browser: tabs and history, but never a header, since a header may be a token.

/**
 * Wraps a `Storage` for GraphiQL. Its history writes each request's headers down even when it is told not to keep
 * headers, so they are taken out here, wherever they stand in what is written.
 */
export function withoutHeaders(storage) {
  return {
    getItem: (key) => storage.getItem(key),
    setItem: (key, value) => {
      if (!key.endsWith(':headers')) storage.setItem(key, redacted(value));
    },
    removeItem: (key) => storage.removeItem(key),
    clear: () => storage.clear(),
    get length() {
      return storage.length;
    },
  };
}

function redacted(value) {
  try {
    return JSON.stringify(JSON.parse(value, (key, inner) => (key === 'headers' ? undefined : inner)));
  } catch {
    return value; // Not JSON: a theme's name, a width, the text of a query.
  }
}
