// The project's documents as their readers see them: code blocks, headings, links.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked } from 'marked';
import { root } from './fixture.mjs';

/** What is not the project's own, or made by it. */
const elsewhere = new Set(['.git', 'build', 'dist', 'node_modules', 'prebuilds']);

function* markdownFiles(folder = root) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !elsewhere.has(entry.name)) yield* markdownFiles(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}

const textOf = (token) =>
  token.tokens === undefined ? (token.text ?? '') : token.tokens.map(textOf).join('');

/** A block's info string: its language, then how it is to be taken; `no-run: why`. */
function toBlock({ lang = '', text: code }) {
  const [, language, attributes] = /^(\S*)\s*(.*)$/.exec(lang);
  const [, reason] = /^no-run: (.+)$/.exec(attributes) ?? [];
  return { language, attributes, reason, code, title: code.split('\n').find(isTelling) ?? code };
}

const isTelling = (line) => !/require\(|^import |^#include|^\(async|^$/.test(line);

function read(path) {
  const slugger = new GithubSlugger();
  const document = { path: relative(root, path), blocks: [], anchors: new Set(), links: [] };
  marked.walkTokens(marked.lexer(readFileSync(path, 'utf8')), (token) => {
    if (token.type === 'code' && token.codeBlockStyle !== 'indented') {
      document.blocks.push(toBlock(token));
    } else if (token.type === 'heading') document.anchors.add(slugger.slug(textOf(token)));
    else if (token.type === 'link' || token.type === 'image') document.links.push(token.href);
  });
  return document;
}

/** Every Markdown file of the repository. */
export const documents = [...markdownFiles()].map(read).sort((a, b) => (a.path < b.path ? -1 : 1));

/** Where a link leads: a path from the root and a heading, each perhaps undefined. */
export function resolveLink(document, link) {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return {};
  const [path, anchor] = link.split('#');
  const target = path === '' ? document.path : join(dirname(document.path), decodeURI(path));
  return { target, anchor };
}
