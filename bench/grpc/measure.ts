import { Teardown } from '../faults/world/teardown.js';
import { type Row, type Side, sides } from './row.js';

/** What was measured of one row: the rounds in order, paired by their place. */
export interface RowFigures {
  readonly rounds: Readonly<Record<Side, readonly number[]>>;
  readonly remark?: string;
}

/**
 * Both sides in turn, A B A B and then B A, so that neither always comes first: whatever else happens on the machine, and whatever one side
 * leaves behind for the other, hits both alike.
 */
export async function measureRow(row: Row, rounds = row.rounds): Promise<RowFigures> {
  const undo = new Teardown();
  try {
    const open = await row.open(undo);
    const taken: Record<Side, number[]> = { rollcall: [], 'grpc-js': [] };
    for (const side of sides) await open[side]();
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) taken[side].push(await open[side]());
    }
    const remark = open.remark?.();
    return { rounds: taken, ...(remark === undefined ? {} : { remark }) };
  } finally {
    await undo.run();
  }
}
