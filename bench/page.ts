import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Figures } from './figures.js';
import { plots } from './plots.js';
import type { Row } from './row.js';
import { writeBetweenMarkers } from './support/document.js';
import { table } from './table.js';

/** What the table's figures are, and where they were measured. */
export function legend(figures: Figures): string {
  const dates = [...new Set(Object.values(figures.rows).map(({ date }) => date))].sort();
  return [
    `Measured on ${dates.join(', ')} with \`npm run bench -- --write-docs\`: etcd ${figures.etcd}, ${figures.machine}.`,
    'Both sides in turn. The median of the rounds, and in brackets between which values the middle half of them lies; "p99" is that of all samples, with fewer',
    'than a hundred the worst of them. "Ratio" is rollcall\'s figure divided by the peer\'s, each round compared with the one beside it.',
  ].join('\n');
}

/** Writes the table between the page's markers and the plots beside it. */
export function writePage(page: string, figures: Figures, rows: readonly Row[]): void {
  const folder = page.replace(/\.md$/, '');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const drawn = plots(figures, rows);
  for (const { file, svg } of drawn) writeFileSync(path.join(folder, file), svg);
  const pictures = drawn.map(({ file, title }) => `![${title}](${path.basename(folder)}/${file})`);
  writeBetweenMarkers(page, [legend(figures), table(figures, rows), ...pictures].join('\n\n'));
}
