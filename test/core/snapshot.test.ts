import { expect } from 'chai';

import { createInstance, type ServiceInstance } from '../../src/core/instance.js';
import { diffInstances, patchSorted, rebaseSnapshot, type Snapshot } from '../../src/core/snapshot.js';
import { seededRandom } from '../support/seeded-random.js';

const make = (id: string, weight = 100): ServiceInstance => createInstance({ service: 's', address: 'h:1', id, weight });
const sorted = (map: ReadonlyMap<string, ServiceInstance>): ServiceInstance[] => [...map.values()].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('the diff of two lists', () => {
  it('tells added, removed and changed apart', () => {
    const [a, b, c, d] = [make('a'), make('b'), make('c'), make('d')];
    const b2 = make('b', 5);
    expect(diffInstances([a, b, c], [b2, c, d])).to.deep.equal({ added: [d], removed: [a], changed: [b2] });
  });

  it('is empty for the same list, and everything against an empty one', () => {
    const list = [make('a'), make('b')];
    expect(diffInstances(list, list)).to.deep.equal({ added: [], removed: [], changed: [] });
    expect(diffInstances([], list)).to.deep.equal({ added: list, removed: [], changed: [] });
    expect(diffInstances(list, [])).to.deep.equal({ added: [], removed: list, changed: [] });
  });

  it('is frozen', () => {
    const diff = diffInstances([], [make('a')]);
    expect(Object.isFrozen(diff.added) && Object.isFrozen(diff.removed) && Object.isFrozen(diff.changed)).to.equal(true);
  });
});

describe('a patched list', () => {
  it('stays sorted by code unit, as the lists of every adapter', () => {
    const ids = ['a', 'B', 'ä', '\u{1f600}', '\uff5e', 'a-', 'a0', '10', '9'];
    const list = patchSorted([], new Map(ids.map((id) => [id, make(id)]))).instances;
    expect(list.map(({ id }) => id)).to.deep.equal([...ids].sort());
  });

  it('ignores the removal of what is not there', () => {
    const list = [make('b')];
    expect(patchSorted(list, new Map([['a', undefined], ['c', undefined]]))).to.deep.equal({ instances: list, added: [], removed: [], changed: [] });
  });

  for (const seed of [1, 2, 3, 4, 5]) {
    it(`agrees with a plain map after hundreds of random changes (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const model = new Map<string, ServiceInstance>();
      let list: readonly ServiceInstance[] = [];
      for (let step = 0; step < 300; step++) {
        const before = sorted(model);
        const changes = new Map<string, ServiceInstance | undefined>();
        // Every tenth step changes so much that the list is written anew.
        for (let i = Math.floor(random() * (step % 10 === 0 ? 80 : 6)); i >= 0; i--) {
          const id = `i${Math.floor(random() * 60)}`;
          changes.set(id, random() < 0.4 ? undefined : make(id, Math.floor(random() * 4)));
        }
        for (const [id, value] of changes) {
          if (value === undefined) model.delete(id);
          else model.set(id, value);
        }
        const { instances: next, ...patched } = patchSorted(list, changes);
        expect(next).to.deep.equal(sorted(model));
        for (const instance of next) expect(instance).to.equal(model.get(instance.id));

        const diff = diffInstances(list, next);
        expect(patched).to.deep.equal(diff);
        expect(diff.added).to.deep.equal(next.filter(({ id }) => !before.some((old) => old.id === id)));
        expect(diff.removed).to.deep.equal(before.filter(({ id }) => !model.has(id)));
        expect(diff.changed).to.deep.equal(next.filter((now) => before.some((old) => old.id === now.id && old !== now)));
        list = next;
      }
    });
  }
});

describe('a snapshot as a late reader sees it', () => {
  const snapshot = (instances: readonly ServiceInstance[], diff: Partial<Snapshot> = {}): Snapshot =>
    Object.freeze({ service: 's', revision: '1', status: 'live', since: 0, instances, added: [], removed: [], changed: [], skipped: [], ...diff });
  const [a, b, c] = [make('a'), make('b'), make('c')];
  const first = snapshot([a]);
  const second = snapshot([a, b], { added: [b] });
  const third = snapshot([b, c], { added: [c], removed: [a] });

  it('is the very object where the reader saw its predecessor', () => {
    expect(rebaseSnapshot(second, second, third)).to.equal(third);
    expect(rebaseSnapshot(undefined, undefined, first)).to.equal(first);
  });

  it('carries the diff from what the reader saw, where it skipped some', () => {
    expect(rebaseSnapshot(first, second, third)).to.deep.equal({ ...third, added: [b, c], removed: [a] });
  });

  it('adds everything for a reader that saw none', () => {
    expect(rebaseSnapshot(undefined, second, third)).to.deep.equal({ ...third, added: [b, c], removed: [] });
  });
});
