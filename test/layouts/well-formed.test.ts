import { expect } from 'chai';

import { checkWellFormed } from '../../src/adapters/etcd/layouts/well-formed.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';

const init = { service: 'orders', id: 'a', address: '10.0.0.1:8000' };

describe('text that Go would not read as it was', () => {
  const broken: readonly (readonly [field: string, init: Partial<InstanceInit>, message: RegExp])[] = [
    ['the address', { address: 'unix:/\ud800' }, /^address "unix:\/\\ud800" holds half a surrogate pair/],
    ['the version', { version: 'a\udc00' }, /^version "a\\udc00" holds/],
    ['the zone', { zone: '\ud800\ud800' }, /^zone "\\ud800\\ud800" holds/],
    ['a key of metadata', { metadata: { '\udfffk': '' } }, /^metadata key "\\udfffk" holds/],
    ['a value of metadata', { metadata: { a: 'fine', k: '\udc00\ud800' } }, /^metadata "k" "\\udc00\\ud800" holds/],
  ];
  for (const [field, part, message] of broken) {
    it(`is refused in ${field}`, () => {
      expectThrow(() => checkWellFormed(createInstance({ ...init, ...part })), 'INVALID_INSTANCE', message);
    });
  }

  it('is not the same as whole pairs, the character U+FFFD itself, or fields that are missing', () => {
    const fine = '\ud83d\ude00\ufffd\uffff';
    expect(() => checkWellFormed(createInstance(init))).not.to.throw();
    expect(() => checkWellFormed(createInstance({ ...init, version: fine, zone: fine, metadata: { [fine]: fine } }))).not.to.throw();
  });
});
