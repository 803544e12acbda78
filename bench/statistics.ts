import type { RowFigures, Side } from './measure.js';
import type { Goal, Metric } from './row.js';

export interface Spread {
  readonly median: number;
  /** The middle half lies between these. */
  readonly lower: number;
  readonly upper: number;
}

/** Of one metric of one side. A round that has samples counts with their median; the tail is that of all samples together. */
export interface Summary extends Spread {
  /** What 99 of 100 samples are no worse than: where more is better, the first hundredth. */
  readonly p99: number;
  readonly worst: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

export function summaryOf({ sides }: RowFigures, side: Side, { name, better }: Pick<Metric, 'name' | 'better'>): Summary | undefined {
  const rounds = sides[side]?.[name];
  if (rounds === undefined || rounds.length === 0) return undefined;
  const samples = rounds.flat().toSorted((a, b) => a - b);
  if (better === 'higher') samples.reverse();
  return { ...spreadOf(rounds.map(valueOf)), p99: quantile(samples, 0.99), worst: samples.at(-1) as number };
}

/** rollcall's figure divided by the peer's, round by round: each round is compared with the one beside it. */
export function ratioOf({ sides }: RowFigures, metric: string): Spread | undefined {
  const [ours, theirs] = [sides.rollcall?.[metric], sides.peer?.[metric]];
  if (ours === undefined || theirs === undefined) return undefined;
  return spreadOf(ours.map((round, index) => valueOf(round) / valueOf(theirs[index] ?? NaN)));
}

/** The figure that a goal speaks of. */
export function figureFor({ of }: Goal, figures: RowFigures, metric: Pick<Metric, 'name' | 'better'>): number | undefined {
  return of === 'ratio' ? ratioOf(figures, metric.name)?.median : summaryOf(figures, 'rollcall', metric)?.[of];
}

export function isMet(goal: Goal, figure: number): boolean {
  return figure <= (goal.atMost ?? Infinity) && figure >= (goal.atLeast ?? -Infinity);
}

function valueOf(round: number | readonly number[]): number {
  return typeof round === 'number' ? round : spreadOf(round).median;
}

function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low = NaN, high = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
