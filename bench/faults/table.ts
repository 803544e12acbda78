import type { ClientFigures, Figures } from './figures.js';
import { patience, type Scenario, type Value } from './scenario.js';

const never = `never (${patience / 1000} s)`;

/** The figures as a Markdown table: one row for each thing measured, the median of the runs, and the worst where it differs. */
export function table(figures: Figures, scenarios: readonly Scenario[], clients: readonly string[]): string {
  const header = [`| fault | measured | ${clients.join(' | ')} | test |`, `|---|---|${clients.map(() => '---|').join('')}---|`];
  const rows = scenarios.flatMap(({ name, fault, test }) => {
    const measured = figures.scenarios[name];
    if (measured === undefined) return [];
    const labels = new Set(Object.values(measured).flatMap(({ runs }) => runs.flatMap((run) => Object.keys(run))));
    return [...labels].map((label, index) => {
      const [first, last] = index === 0 ? [fault, `\`${test}\``] : ['', ''];
      return `| ${first} | ${label} | ${clients.map((client) => cell(measured[client], label)).join(' | ')} | ${last} |`;
    });
  });
  return [...header, ...rows].join('\n');
}

function cell(figures: ClientFigures | undefined, label: string): string {
  if (figures === undefined) return 'not run';
  const values = figures.runs.flatMap((run) => run[label] ?? []);
  const broken = figures.broken.length === 0 ? '' : ` (${figures.broken.length} runs broke off)`;
  const sorted = values.sort((one, other) => size(one) - size(other));
  // Of an even number the worse one of the two in the middle.
  const median = sorted[Math.floor(sorted.length / 2)];
  const worst = sorted.at(-1);
  if (median === undefined || worst === undefined) return `no figure${broken}`;
  const [usual, most] = [text(median), text(worst)];
  return (usual === most || size(median) === size(worst) ? most : `${usual}; worst ${most}`) + broken;
}

const size = (value: Value): number => ('count' in value ? value.count : (value.ms ?? Infinity));

function text(value: Value): string {
  if ('count' in value) return value.of === undefined ? String(value.count) : `${value.count} of ${value.of}`;
  if (value.ms === null) return never;
  // What etcd is asked by polling is known to no more than that.
  if (value.ms < 10) return '< 10 ms';
  return value.ms < 1000 ? `${Math.round(value.ms)} ms` : `${(value.ms / 1000).toFixed(1)} s`;
}
