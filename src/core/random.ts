/** A number from 0 up to but not including 1; passed in wherever chance decides, so that a test can decide instead. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
