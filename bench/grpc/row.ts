import type { Teardown } from '../faults/world/teardown.js';

export type Side = 'rollcall' | 'grpc-js';

/** The two that are measured in turn: ours, and the same work done with what grpc-js has. */
export const sides: readonly Side[] = ['rollcall', 'grpc-js'];

/** One measurement of each side. Takes up no more time than it has to: rounds are short and many. */
export type Rounds = Readonly<Record<Side, () => Promise<number>>>;

export interface OpenRow extends Rounds {
  /** What else was seen while it ran, for the table. */
  remark?(): string;
}

export interface Row {
  /** For the command line. */
  readonly name: string;
  /** What is measured, in words, as in the table. */
  readonly what: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** How many rounds of each side count; one before them warms up. */
  readonly rounds: number;
  /** By what factor ours is to be better than theirs; below 1 it may be worse. */
  readonly goal?: number;
  /** Sets everything up; each row runs in a process of its own. */
  open(undo: Teardown): Promise<OpenRow>;
}
