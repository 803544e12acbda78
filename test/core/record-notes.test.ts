import assert from 'node:assert/strict';

import { expect } from 'chai';

import { createInstance, sameInstance, type ServiceInstance } from '../../src/core/instance.js';
import { noteRecordLayout, recordLayout } from '../../src/core/record-layout.js';
import { noteRecordRevision, recordRevision } from '../../src/core/record-revision.js';

const init = { service: 's', address: 'h:1', id: 'a', weight: 1, metadata: {} };

describe('what is noted of a record beside its instance', () => {
  const made: [string, () => ServiceInstance][] = [
    ['an instance of ours', () => createInstance(init)],
    ['an instance that an adapter made by itself', () => Object.freeze({ ...init })],
  ];
  for (const [what, make] of made) {
    it(`${what}: is nothing at first, then what was noted last, though it is frozen`, () => {
      const [one, other] = [make(), make()];
      expect([recordRevision(one), recordLayout(one)]).to.deep.equal([undefined, undefined]);
      noteRecordRevision(one, '7');
      noteRecordLayout(one, 'kratos');
      noteRecordRevision(one, '8');
      noteRecordRevision(one, undefined);
      expect([recordRevision(one), recordLayout(one)]).to.deep.equal(['8', 'kratos']);
      expect([recordRevision(other), recordLayout(other)]).to.deep.equal([undefined, undefined]);
    });

    it(`${what}: nobody sees it, and no copy has it`, () => {
      const [noted, bare] = [make(), make()];
      noteRecordRevision(noted, '7');
      assert.deepStrictEqual(noted, bare);
      expect([Object.getPrototypeOf(noted), Reflect.ownKeys(noted), JSON.stringify(noted)]).to.deep.equal([Object.prototype, Reflect.ownKeys(bare), JSON.stringify(bare)]);
      expect(sameInstance(noted, bare)).to.equal(true);
      expect(recordRevision({ ...noted })).to.equal(undefined);
    });
  }
});
