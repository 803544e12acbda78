import type { Stage } from './world/stage.js';

/** What one round of one side measured, by the metric's name: one figure, or a sample for each thing that was done. */
export type Round = Readonly<Record<string, number | readonly number[]>>;

export interface OpenRow {
  readonly rollcall: () => Promise<Round>;
  /** The same work done with what others have; absent where there is nobody to compare with. */
  readonly peer?: () => Promise<Round>;
  /** What else was seen while it ran, for the table. */
  readonly remark?: () => string;
}

export interface Goal {
  /** `ratio` is rollcall's figure divided by the peer's. */
  readonly of: 'ratio' | 'median' | 'p99' | 'worst';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Metric {
  readonly name: string;
  /** In words, with its unit, as in the table. */
  readonly what: string;
  /** Default: the lower, the better. */
  readonly better?: 'higher';
  readonly goals?: readonly Goal[];
  /** Whether how it grows with n says something. Default true. */
  readonly plotted?: false;
}

/** Rows that differ in one number only: drawn as one plot, if that number takes more than two values. */
export interface Series {
  readonly name: string;
  readonly title: string;
  /** What is counted. */
  readonly of: string;
  readonly n: number;
}

export interface Row {
  /** For the command line. */
  readonly name: string;
  /** What is measured, in words, as in the table. */
  readonly what: string;
  /** Who it is compared with, in words. */
  readonly peer?: string;
  readonly metrics: readonly Metric[];
  /** How many rounds of each side count; one before them warms up. */
  readonly rounds: number;
  readonly series?: Series;
  /** Sets everything up; each row runs in a process of its own. */
  open(stage: Stage): Promise<OpenRow>;
}
