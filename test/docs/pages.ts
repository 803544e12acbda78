import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
  /** What `<!-- from path -->` right before it names. */
  readonly from: string | undefined;
  /** For messages: `docs/x.md:12`. */
  readonly at: string;
}

export interface Page {
  /** Relative to the project. */
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Targets of its links, without those to other sites. */
  readonly links: readonly string[];
  /** What a link with `#` may point to. */
  readonly anchors: readonly string[];
}

/** README and every page under docs. */
export function readPages(): Page[] {
  const files = ['README.md', 'CHANGELOG.md', ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => path.join('docs', file))];
  return files.filter((file) => file.endsWith('.md')).map((file) => readPage(file, readFileSync(path.join(root, file), 'utf8')));
}

export function readPage(file: string, text: string): Page {
  const prose: string[] = [];
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(```+)(\w*)/.exec(lines[i]!);
    if (fence === null) {
      prose.push(lines[i]!);
      continue;
    }
    const end = lines.indexOf(fence[1]!, i + 1);
    const at = `${file}:${i + 1}`;
    if (end < 0) throw new Error(`${at}: the block is never closed`);
    const from = /^<!-- from (\S+) -->$/.exec(lines[i - 1] ?? '')?.[1];
    blocks.push({ language: fence[2]!, lines: lines.slice(i + 1, end), from, at });
    i = end;
  }
  const plain = prose.join('\n').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
  const links = [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));
  const anchors = prose.filter((line) => /^#+ /.test(line)).map((line) => anchorOf(line.replace(/^#+ /, '')));
  return { file, text, blocks, links, anchors };
}

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

/** Whether the lines stand in the text one after another, whatever the block as a whole is indented by. */
export function occursIn(text: string, lines: readonly string[]): boolean {
  const wanted = trimmed(lines);
  const all = text.split('\n');
  return all.some((_, start) => {
    const candidate = all.slice(start, start + wanted.length);
    return candidate.length === wanted.length && trimmed(candidate).join('\n') === wanted.join('\n');
  });
}

/** Without the indentation that all lines share. */
function trimmed(lines: readonly string[]): string[] {
  const depth = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)![0].length));
  return lines.map((line) => (line.trim() === '' ? '' : line.slice(depth)));
}
