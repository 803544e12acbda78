import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import type { RowFigures } from './measure.js';
import type { Row } from './row.js';

export interface DatedFigures extends RowFigures {
  /** Day of the run, ISO. */
  readonly date: string;
}

/** As written to the JSON file. */
export interface Figures {
  readonly machine: string;
  readonly etcd: string;
  /** By the row's name. */
  readonly rows: Readonly<Record<string, DatedFigures>>;
}

export function readFigures(file: string): Figures | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figures) : undefined;
}

/** A run of some rows replaces theirs and leaves the others; what is no row any more goes. */
export function mergeFigures(before: Figures | undefined, newer: Figures, rows: readonly Row[]): Figures {
  const all = { ...before?.rows, ...newer.rows };
  return { ...newer, rows: Object.fromEntries(rows.flatMap(({ name }) => (all[name] === undefined ? [] : [[name, all[name]] as const]))) };
}

export function writeFigures(file: string, figures: Figures): void {
  // A round is a number like any other: on one line, or the file is as long as a book.
  const text = JSON.stringify(figures, (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value), 2);
  writeFileSync(file, `${text.replaceAll(/\[[^[\]]*\]/g, (list) => list.replaceAll(/\s+/g, ' '))}\n`);
}
