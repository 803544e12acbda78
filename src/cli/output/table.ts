import type { Paint } from './terminal.js';

const graphemes = new Intl.Segmenter();

/** Rows under headings, each column as wide as its widest cell. The cells are printable; columns without any are left out. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const used = headings.map((_, column) => rows.some((row) => row[column] !== undefined && row[column] !== ''));
  const keep = <T>(cells: readonly T[]): T[] => cells.filter((_, column) => used[column]);
  const [head, body] = [keep(headings), rows.map(keep)];
  const widths = head.map((heading, column) => Math.max(width(heading), ...body.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]): string => widths.map((w, column) => pad(row[column] ?? '', w)).join('  ').trimEnd();
  return [paint('bold', line(head)), ...body.map(line)].map((text) => `${text}\n`).join('');
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(to - width(text));
}

/** In characters as a terminal counts them, near enough: one a grapheme. */
function width(text: string): number {
  return [...graphemes.segment(text)].length;
}
