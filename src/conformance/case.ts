import type { Trial } from './trial.js';
import type { Feature } from './world.js';

/** One thing an adapter must do. The title starts with the law it shows. */
export interface ConformanceCase {
  readonly title: string;
  /** Features without which it cannot be shown. Default: none. */
  readonly needs?: readonly Feature[];
  run(trial: Trial): Promise<void>;
}
