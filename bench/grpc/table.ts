import type { Figures } from './figures.js';
import type { Row } from './row.js';
import { advantage, type Spread, spreadOf } from './statistics.js';

/** The figures as a Markdown table: medians, and in brackets between which values the middle half of the rounds lies. */
export function table(figures: Figures, rows: readonly Row[]): string {
  const header = ['| row | measured | rollcall | grpc-js | ratio | goal |', '|---|---|---|---|---|---|'];
  const lines = rows.flatMap((row) => {
    const measured = figures.rows[row.name];
    if (measured === undefined) return [];
    const { unit } = row;
    const remark = measured.remark === undefined ? '' : `; ${measured.remark}`;
    const cells = [
      `\`${row.name}\``,
      `${row.what}, ${unit}${remark}`,
      text(spreadOf(measured.rounds.rollcall)),
      text(spreadOf(measured.rounds['grpc-js'])),
      text(advantage(row, measured)),
      row.goal === undefined ? '' : `at least ${row.goal}`,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return [...header, ...lines].join('\n');
}

function text({ median, lower, upper }: Spread): string {
  return `${number(median)} (${number(lower)}–${number(upper)})`;
}

/** Three digits, and no exponent. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
