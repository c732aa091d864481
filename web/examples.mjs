// Reads the example queries that the front page shows and the API tests run.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'graphql';

/** The examples in the order in which the front page shows them; each is `NAME.graphql` in the examples' folder. */
export const EXAMPLE_NAMES = [
  'near8800',
  'free-tuesday',
  'suggested-matches',
  'preview',
  'overview',
  'organizations',
  'themes',
  'places',
];

/**
 * Reads every example: `{ name, title: { da, en }, source, query }`, where `source` is the whole file and `query` the
 * file without its titles. A missing title, a syntax error or a second operation is an error that names the file.
 */
export async function readExamples(folder) {
  return Promise.all(
    EXAMPLE_NAMES.map(async (name) => {
      const source = (await readFile(path.join(folder, `${name}.graphql`), 'utf8')).trim();
      const titles = /^# da: (.+)\n# en: (.+)\n/.exec(source);
      if (titles === null) {
        throw new Error(`${name}.graphql must begin with the lines "# da: …" and "# en: …"`);
      }
      let document;
      try {
        document = parse(source);
      } catch (error) {
        throw new Error(`${name}.graphql: ${error.message}`, { cause: error });
      }
      if (document.definitions.length !== 1) {
        throw new Error(`${name}.graphql must hold one operation`);
      }
      return { name, title: { da: titles[1], en: titles[2] }, source, query: source.slice(titles[0].length) };
    }),
  );
}
