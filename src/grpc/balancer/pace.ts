/** One round in ticks: in it a member of weight 1 has one turn. */
const round = 2 ** 32;

/** Weights are counted in these parts, so that a share of a weight is a whole number of them too. */
const partsPerWeight = 2 ** 16;

/** So many rounds give a member one turn for each part of its weight. In ticks it is a whole number, so laps add up without an error. */
const lap = round * partsPerWeight;

export function partsOf(weight: number): number {
  return Math.max(1, Math.round(weight * partsPerWeight));
}

/** The ticks from one turn to the next. */
export function distanceOf(parts: number): number {
  return lap / parts;
}

/**
 * Who has `parts` turns in each lap, one after the other at equal distances. The time is computed from the count of turns, never summed up from
 * rounded distances: nothing drifts, and turns that belong to the same moment are at the same tick. Beyond 2^53 ticks get coarser, which is noticed when
 * one of them is as long as the distance of two turns: after more than 2^48 turns, by 8,000 calls a second in a thousand years.
 */
export class Pace {
  #parts: number;
  /** When its lap began. */
  #origin: number;
  #turns = 0;
  #start: number;
  #deadline: number;

  constructor(parts: number, start: number) {
    this.#parts = parts;
    this.#origin = start;
    this.#start = start;
    this.#deadline = this.#tick(1);
  }

  get parts(): number {
    return this.#parts;
  }

  /** When the turn that is next may begin. */
  get start(): number {
    return this.#start;
  }

  /** When it is to be over: that is when the turn after it may begin. */
  get deadline(): number {
    return this.#deadline;
  }

  advance(): void {
    this.#turns++;
    if (this.#turns >= this.#parts) {
      this.#turns = 0;
      this.#origin += lap;
    }
    this.#start = this.#deadline;
    this.#deadline = this.#tick(this.#turns + 1);
  }

  /** Goes on from another moment, or at another pace. */
  restart(start: number, parts = this.#parts): void {
    this.#origin = start;
    this.#parts = parts;
    this.#turns = 0;
    this.#start = start;
    this.#deadline = this.#tick(1);
  }

  /** Has the other's pace, and its next turn at the same moment, to the tick, now and ever after. */
  join(other: Pace): void {
    this.#origin = other.#origin;
    this.#parts = other.#parts;
    this.#turns = other.#turns;
    this.#start = other.#start;
    this.#deadline = other.#deadline;
  }

  #tick(turns: number): number {
    return this.#origin + Math.round((turns * lap) / this.#parts);
  }
}
