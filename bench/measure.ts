import type { Round, Row } from './row.js';
import type { Stage } from './world/stage.js';

export type Side = 'rollcall' | 'peer';

/** What was measured of one row: for each side and metric the rounds in order, paired by their place. */
export interface RowFigures {
  readonly sides: Readonly<Partial<Record<Side, Readonly<Record<string, readonly (number | readonly number[])[]>>>>>;
  readonly remark?: string;
}

/**
 * Both sides in turn, A B, B A, A B …, so that neither always comes first: whatever else happens on the machine, and whatever one side
 * leaves behind for the other, hits both alike.
 */
export async function measureRow(row: Row, stage: Stage, rounds = row.rounds): Promise<RowFigures> {
  try {
    const open = await row.open(stage);
    const run: readonly (readonly [Side, () => Promise<Round>])[] = [['rollcall', open.rollcall], ...(open.peer === undefined ? [] : [['peer', open.peer] as const])];
    for (const [, once] of run) await once();
    const sides: Partial<Record<Side, Record<string, (number | readonly number[])[]>>> = {};
    for (let round = 0; round < rounds; round++) {
      for (const [side, once] of round % 2 === 0 ? run : run.toReversed()) {
        const figures = (sides[side] ??= {});
        for (const [metric, value] of Object.entries(await once())) (figures[metric] ??= []).push(value);
      }
    }
    const remark = open.remark?.();
    return { sides, ...(remark === undefined ? {} : { remark }) };
  } finally {
    await stage.undo.run();
  }
}
