import type { Figures } from './figures.js';
import type { RowFigures, Side } from './measure.js';
import type { Goal, Metric, Row } from './row.js';
import { figureFor, isMet, ratioOf, type Spread, summaryOf } from './statistics.js';

const header = ['| row | measured | rollcall | p99 | peer | p99 | ratio | goal |', '|---|---|---|---|---|---|---|---|'];

/** The figures as a Markdown table: medians, and in brackets between which values the middle half of the rounds lies. One line for each metric. */
export function table(figures: Figures, rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const measured = figures.rows[row.name];
    return measured === undefined ? [] : row.metrics.map((metric, index) => line(row, metric, measured, index === 0));
  });
  return [...header, ...lines].join('\n');
}

function line(row: Row, metric: Metric, figures: RowFigures, first: boolean): string {
  const peer = row.peer === undefined ? '' : `, beside ${row.peer}`;
  const remark = figures.remark === undefined ? '' : ` (${figures.remark})`;
  const ratio = ratioOf(figures, metric.name);
  const cells = [
    first ? `\`${row.name}\`` : '',
    first ? `${row.what}${peer}${remark}: **${metric.what}**` : `**${metric.what}**`,
    ...side(figures, 'rollcall', metric),
    ...side(figures, 'peer', metric),
    ratio === undefined || !Number.isFinite(ratio.median) ? '–' : spread(ratio),
    (metric.goals ?? []).map((goal) => goalText(goal, figures, metric)).join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}

function side(figures: RowFigures, of: Side, metric: Metric): [string, string] {
  const summary = summaryOf(figures, of, metric);
  return summary === undefined ? ['–', '–'] : [spread(summary), number(summary.p99)];
}

function goalText(goal: Goal, figures: RowFigures, metric: Metric): string {
  const bound = goal.atMost === undefined ? `≥ ${number(goal.atLeast ?? NaN)}` : `≤ ${number(goal.atMost)}`;
  const figure = figureFor(goal, figures, metric);
  const verdict = figure === undefined ? '' : isMet(goal, figure) ? ': met' : `: **missed** (${number(figure)})`;
  return `${goal.of} ${bound}${verdict}`;
}

function spread({ median, lower, upper }: Spread): string {
  return lower === upper ? number(median) : `${number(median)} (${number(lower)}–${number(upper)})`;
}

/** Three digits, and no exponent. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return Math.abs(value) < 0.001 && value !== 0 ? value.toFixed(5) : String(Number(value.toPrecision(3)));
}
