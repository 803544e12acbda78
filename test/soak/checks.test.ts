import { expect } from 'chai';

import { KeyHistory } from './key-history.js';
import type { PlainSnapshot } from './messages.js';
import { readOptions } from './options.js';
import { type PlannedStep, planSteps } from './plan.js';
import { SnapshotSequence } from './snapshot-sequence.js';
import { SnapshotTruth } from './snapshot-truth.js';
import { garbage, keyOf, readRecord, type StoredRecord } from './stored-record.js';

/** What the randomised run says is only worth as much as these. */
describe('the checks of the randomised run', () => {
  const instance = (id: string, weight = 1): PlainSnapshot['instances'][number] => ({ service: 's', id, address: '10.0.0.1:1', weight, metadata: {} });
  const snapshot = (revision: string, instances: PlainSnapshot['instances'], diff: Partial<PlainSnapshot> = {}): PlainSnapshot => ({
    service: 's',
    revision,
    status: 'live',
    instances,
    added: [],
    removed: [],
    changed: [],
    skipped: [],
    ...diff,
  });
  const record = (id: string, weight = 1): StoredRecord => readRecord(keyOf('s', id), Buffer.from(JSON.stringify({ address: '10.0.0.1:1', weight, metadata: {} })), '7')!;

  describe('the plan', () => {
    const take = (seed: number, members: number): PlannedStep[] => {
      const plan = planSteps(seed, members);
      return Array.from({ length: 2000 }, () => plan.next().value);
    };

    it('is the same for the same seed, and another for another', () => {
      expect(take(7, 1)).to.deep.equal(take(7, 1));
      expect(take(7, 1)).to.not.deep.equal(take(8, 1));
    });

    it('brings about every kind of step, and in a cluster the loss of the quorum', () => {
      const steps = take(1, 3).map(({ step }) => step);
      expect(new Set(steps.map(({ kind }) => kind))).to.have.property('size', 23);
      expect(steps.some((step) => step.kind === 'kill-etcd' && step.members.length === 2)).to.equal(true);
    });
  });

  describe('of one watch', () => {
    it('accept a sequence whose diffs add up', () => {
      const sequence = new SnapshotSequence('s');
      expect(sequence.take(snapshot('5', [instance('a'), instance('b')], { added: [instance('a'), instance('b')] }))).to.deep.equal([]);
      expect(sequence.take(snapshot('6', [instance('b', 2), instance('c')], { added: [instance('c')], removed: [instance('a')], changed: [instance('b', 2)] }))).to.deep.equal([]);
    });

    for (const [what, next, message] of [
      ['a revision that goes back', snapshot('4', [instance('a')]), /came after one at 5/],
      ['a removal that was not told', snapshot('6', []), /does not make its list: missing a/],
      ['a change that was not told', snapshot('6', [instance('a', 9)]), /does not make its list/],
      ['an addition of what was there', snapshot('6', [instance('a')], { added: [instance('a')] }), /added, which was there/],
      ['a removal of what was not there', snapshot('6', [instance('a')], { removed: [instance('z')] }), /removed, which was not there/],
      ['a list out of order', snapshot('6', [instance('b'), instance('a')], { added: [instance('b')] }), /not sorted/],
    ] as const) {
      it(`find ${what}`, () => {
        const sequence = new SnapshotSequence('s');
        sequence.take(snapshot('5', [instance('a')], { added: [instance('a')] }));
        expect(sequence.take(next).join()).to.match(message);
      });
    }
  });

  describe('against etcd', () => {
    const judge = (...shown: PlainSnapshot[]): string[] => {
      const history = new KeyHistory(1);
      const broken: string[] = [];
      const truth = new SnapshotTruth(history, (what) => broken.push(what));
      // Shown before the observer has it: it waits.
      for (const each of shown) truth.take('w', each);
      history.put(keyOf('s', 'a'), 's', 2, record('a'));
      history.put(keyOf('s', 'b'), 's', 3, record('b'));
      history.put(keyOf('s', 'a'), 's', 4, undefined);
      history.put(keyOf('s', 'g'), 's', 5, readRecord(keyOf('s', 'g'), garbage[0]!, '0'));
      history.complete(5);
      truth.advance();
      expect(truth.waiting).to.deep.equal([]);
      return broken;
    };

    it('take what etcd held at each revision', () => {
      const at2 = snapshot('2', [instance('a')]);
      const at4 = snapshot('4', [instance('b')], { removed: [instance('a')] });
      expect(judge(snapshot('1', []), at2, snapshot('3', [instance('a'), instance('b')]), at4, snapshot('5', [instance('b')], { skipped: [keyOf('s', 'g')] }))).to.deep.equal([]);
    });

    for (const [what, shown, message] of [
      ['a partial list', snapshot('3', [instance('b')]), /is not what etcd held at 3: missing a/],
      ['one that is too old for its revision', snapshot('4', [instance('a'), instance('b')]), /too many a/],
      ['another value', snapshot('3', [instance('a'), instance('b', 9)]), /b is .* instead of/],
      ['a stale one that has lost something', snapshot('3', [instance('a')], { status: 'stale' }), /stale snapshot .* missing b/],
      ['the removal of what exists', snapshot('3', [instance('b')], { removed: [instance('a')] }), /reported a of s removed at 3, where its key existed/],
      ['garbage that is not reported', snapshot('5', [instance('b')]), /skipped {2}instead of/],
    ] as const) {
      it(`find ${what}`, () => {
        expect(judge(shown).join()).to.match(message);
      });
    }

    it('know the present state after the past is forgotten', () => {
      const history = new KeyHistory(1);
      history.put(keyOf('s', 'a'), 's', 2, record('a'));
      history.put(keyOf('s', 'b'), 's', 3, record('b'));
      history.put(keyOf('s', 'b'), 's', 4, undefined);
      history.complete(4);
      history.forget();
      expect([...history.at('s', 2).keys()]).to.deep.equal([keyOf('s', 'a')]);
      expect([...history.now('s').keys()]).to.deep.equal([keyOf('s', 'a')]);
    });
  });

  it('reads its command line, and says what is wrong with it', () => {
    expect(readOptions(['--minutes', '10', '--seed', '7', '--members', '3', '--json'])).to.deep.equal({ seed: 7, random: false, members: 3, minutes: 10, steps: undefined, keepGoing: false, log: false, json: true });
    expect(readOptions([])).to.include({ random: true, members: 1, minutes: 1 });
    expect(readOptions(['--help'])).to.equal('help');
    for (const wrong of [['--minutes', '0'], ['--seed', '-1'], ['--seed', '1.5'], ['--members', '2'], ['--steps', 'x'], ['--nonsense']]) {
      expect(readOptions(wrong), wrong.join(' ')).to.have.property('wrong');
    }
  });
});
