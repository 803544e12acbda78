import sinon from 'sinon';

import { deferred, type Deferred } from '../../src/core/deferred.js';
import type { LeaseEvents, LeaseStore, RecordWrite, WriteOutcome } from '../../src/core/lease-store.js';

type Write = LeaseStore['write'];
type Remove = LeaseStore['remove'];

/** A call that waits until the test answers it. */
export interface HeldWrite {
  readonly records: readonly RecordWrite[];
  readonly signal: AbortSignal;
  readonly answer: Deferred<readonly WriteOutcome[]>;
}

/** A lease store of stubs: it stores everything at once unless told otherwise, and the test reports what it "sees". */
export class FakeLeaseStore implements LeaseStore {
  readonly defaultTtl = 5;
  readonly check = sinon.stub<Parameters<LeaseStore['check']>, undefined>();
  readonly write = sinon.stub<Parameters<Write>, ReturnType<Write>>().callsFake((records) => Promise.resolve(records.map(() => 'stored' as const)));
  readonly remove = sinon.stub<Parameters<Remove>, ReturnType<Remove>>().resolves();
  readonly close = sinon.stub<[], Promise<void>>().resolves();
  events!: LeaseEvents;

  /** Holds the next write back; the answer is the test's, or the registry's abort. */
  holdWrite(): Promise<HeldWrite> {
    const held = deferred<HeldWrite>();
    this.write.onCall(this.write.callCount).callsFake((records, _ttl, signal) => {
      const answer = deferred<readonly WriteOutcome[]>();
      signal.addEventListener('abort', () => answer.reject(signal.reason));
      held.resolve({ records, signal, answer });
      return answer.promise;
    });
    return held.promise;
  }

  /** Holds the next removal back. */
  holdRemove(): Promise<Deferred<void>> {
    const held = deferred<Deferred<void>>();
    this.remove.onCall(this.remove.callCount).callsFake((_instances, _ttl, signal) => {
      const answer = deferred();
      signal.addEventListener('abort', () => answer.reject(signal.reason));
      held.resolve(answer);
      return answer.promise;
    });
    return held.promise;
  }

  /** What was written, call by call: ids and modes. */
  get written(): string[][] {
    return this.write.args.map(([records]) => records.map(({ instance, mode }) => `${mode} ${instance.id}`));
  }

  get removed(): string[][] {
    return this.remove.args.map(([instances]) => instances.map(({ id }) => id));
  }
}
