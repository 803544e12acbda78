import type { RowFigures } from './measure.js';
import type { Row } from './row.js';

export interface Spread {
  readonly median: number;
  /** The middle half lies between these. */
  readonly lower: number;
  readonly upper: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

/** How many times better ours was than theirs, round by round: each round is compared with the one beside it. */
export function advantage(row: Pick<Row, 'better'>, { rounds }: RowFigures): Spread {
  const pairs = rounds.rollcall.map((ours, round) => [ours, rounds['grpc-js'][round] ?? NaN] as const);
  return spreadOf(pairs.map(([ours, theirs]) => (row.better === 'higher' ? ours / theirs : theirs / ours)));
}

function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low = NaN, high = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
