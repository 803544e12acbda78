import { readFileSync, writeFileSync } from 'node:fs';

const begin = '<!-- figures: begin -->';
const end = '<!-- figures: end -->';

/** Replaces what stands between the markers of a page. */
export function writeBetweenMarkers(file: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for figures: ${begin} and ${end} are missing`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
}
