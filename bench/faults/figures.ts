import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import type { Outcome, Scenario } from './scenario.js';

/** What one client was measured to do in one scenario. */
export interface ClientFigures {
  /** Day of the run, ISO. */
  readonly date: string;
  readonly etcd: string;
  /** The runs in order. */
  readonly runs: readonly Outcome[];
  /** Why runs gave no figure, where they broke off. */
  readonly broken: readonly string[];
}

/** As written to the JSON file. */
export interface Figures {
  readonly machine: string;
  /** Seconds. */
  readonly ttl: number;
  /** How long a run waits before it says never, in milliseconds. */
  readonly patience: number;
  /** By scenario, then by client. */
  readonly scenarios: Readonly<Record<string, Readonly<Record<string, ClientFigures>>>>;
}

export function readFigures(file: string): Figures | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figures) : undefined;
}

/** A run of some scenarios, or of one client, replaces theirs and leaves the others. */
export function mergeFigures(before: Figures | undefined, newer: Figures, scenarios: readonly Scenario[]): Figures {
  const merged = scenarios.flatMap(({ name }) => {
    const figures = { ...before?.scenarios[name], ...newer.scenarios[name] };
    return Object.keys(figures).length === 0 ? [] : [[name, figures] as const];
  });
  return { ...newer, scenarios: Object.fromEntries(merged) };
}

export function writeFigures(file: string, figures: Figures): void {
  writeFileSync(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}
