// Gathers the licence texts of the packages in the bundle, as their licences ask of every copy.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** One text with a chapter per package folder (relative to `root`): name, version, licence, and the licence's text. */
export async function collectNotices(root, folders) {
  const chapters = await Promise.all(folders.map((folder) => chapter(path.join(root, folder))));
  return `Fælled's GraphiQL page is built from these packages, minified, and without GraphiQL's fonts.\n\n${chapters.join('\n')}`;
}

async function chapter(folder) {
  const about = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const names = (await readdir(folder)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  const title = `${about.name} ${about.version} (${about.license ?? 'see below'})`;
  const author = typeof about.author === 'string' ? about.author : about.author?.name;
  const body = texts.length > 0 ? texts.map((text) => text.trim()).join('\n\n') : `By ${author ?? 'its contributors'}.`;
  return `${title}\n${'='.repeat(title.length)}\n\n${body}\n`;
}
