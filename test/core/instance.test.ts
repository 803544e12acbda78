import { expect } from 'chai';

import type { ErrorCode } from '../../src/core/errors.js';
import { changeInstance, createInstance, type InstanceChange, type InstanceInit, instanceFromRecord, maxRecordBytes, sameInstance } from '../../src/core/instance.js';
import { expectThrow } from '../support/expect-rejection.js';

const init = { service: 'simple_grpc', address: 'localhost:8000' };

describe('an instance', () => {
  it('needs a service and an address; the rest has defaults', () => {
    expect(createInstance(init)).to.deep.equal({ ...init, id: 'localhost:8000', weight: 100, metadata: {} });
  });

  it('keeps what was given, and has no fields that were not', () => {
    const full = { ...init, id: 'one', weight: 0, version: '1.2.3', zone: 'eu-1a', metadata: { lane: 'canary', '': '' } };
    delete (full.metadata as Record<string, string>)[''];
    expect(createInstance(full)).to.deep.equal(full);
    expect(Object.keys(createInstance({ ...init, version: undefined, zone: undefined }))).to.have.members(['service', 'id', 'address', 'weight', 'metadata']);
  });

  it('is frozen to the bottom, and a later change of what was given does not reach it', () => {
    const metadata: Record<string, string> = { a: '1' };
    const instance = createInstance({ ...init, metadata });
    metadata.a = '2';
    expect(instance.metadata).to.deep.equal({ a: '1' });
    expect(Object.isFrozen(instance) && Object.isFrozen(instance.metadata)).to.equal(true);
  });

  const bad: [string, unknown, ErrorCode, RegExp][] = [
    ['nothing', undefined, 'INVALID_INSTANCE', /not undefined/],
    ['null', null, 'INVALID_INSTANCE', /not null/],
    ['an array', [], 'INVALID_INSTANCE', /not an array/],
    ['text', 'localhost:8000', 'INVALID_INSTANCE', /not "localhost:8000"/],
    ['no service', { address: 'h:1' }, 'INVALID_SERVICE', /undefined/],
    ['a bad service', { ...init, service: 'a/b' }, 'INVALID_SERVICE', /"a\/b"/],
    ['no address', { service: 'a' }, 'INVALID_ADDRESS', /undefined/],
    ['an unspecified address', { ...init, address: '0.0.0.0:80' }, 'INVALID_ADDRESS', /unspecified/],
    ['an unknown field', { ...init, wieght: 3 }, 'INVALID_INSTANCE', /unknown field "wieght".*weight/],
    ['__proto__ as a field', JSON.parse('{"service":"a","address":"h:1","__proto__":{"weight":5}}'), 'INVALID_INSTANCE', /"__proto__"/],
    ['an empty id', { ...init, id: '' }, 'INVALID_INSTANCE', /is empty/],
    ['an id that is no text', { ...init, id: 5 }, 'INVALID_INSTANCE', /5 is not a string/],
    ['a space in the id', { ...init, id: 'a b' }, 'INVALID_INSTANCE', /a space/],
    ['NUL in the id', { ...init, id: 'a\0' }, 'INVALID_INSTANCE', /control/],
    ['half a surrogate pair in the id', { ...init, id: 'a\udc00' }, 'INVALID_INSTANCE', /surrogate/],
    ['.. as a segment of the id', { ...init, id: 'a/../b' }, 'INVALID_INSTANCE', /segment/],
    ['a long id', { ...init, id: 'x'.repeat(513) }, 'INVALID_INSTANCE', /longer than 512/],
    ['a weight below 0', { ...init, weight: -1 }, 'INVALID_INSTANCE', /-1 is not an integer from 0 to 65535/],
    ['a weight above 65535', { ...init, weight: 65_536 }, 'INVALID_INSTANCE', /65536/],
    ['half a weight', { ...init, weight: 0.5 }, 'INVALID_INSTANCE', /0.5/],
    ['NaN as weight', { ...init, weight: NaN }, 'INVALID_INSTANCE', /NaN/],
    ['null as weight', { ...init, weight: null }, 'INVALID_INSTANCE', /null/],
    ['null as id', { ...init, id: null }, 'INVALID_INSTANCE', /null/],
    ['null as metadata', { ...init, metadata: null }, 'INVALID_INSTANCE', /null/],
    ['null as zone', { ...init, zone: null }, 'INVALID_INSTANCE', /null/],
    ['a weight as text', { ...init, weight: '5' }, 'INVALID_INSTANCE', /"5"/],
    ['a version that is no text', { ...init, version: 1 }, 'INVALID_INSTANCE', /version 1/],
    ['a zone that is no text', { ...init, zone: {} }, 'INVALID_INSTANCE', /zone an object/],
    ['metadata as text', { ...init, metadata: 'a=b' }, 'INVALID_INSTANCE', /metadata "a=b"/],
    ['metadata as an array', { ...init, metadata: ['a'] }, 'INVALID_INSTANCE', /an array/],
    ['metadata as a Map, whose entries are no properties', { ...init, metadata: new Map([['a', 'b']]) }, 'INVALID_INSTANCE', /metadata/],
    ['metadata with a number', { ...init, metadata: { retries: 3 } }, 'INVALID_INSTANCE', /"retries" is 3/],
    ['metadata with undefined', { ...init, metadata: { a: undefined } }, 'INVALID_INSTANCE', /"a" is undefined/],
    ['metadata with an object', { ...init, metadata: { a: {} } }, 'INVALID_INSTANCE', /"a" is an object/],
    ['metadata with an empty key', { ...init, metadata: { '': 'x' } }, 'INVALID_INSTANCE', /key "" is not allowed/],
    ['__proto__ in metadata', { ...init, metadata: JSON.parse('{"__proto__":"x"}') as object }, 'INVALID_INSTANCE', /"__proto__" is not allowed/],
    ['__proto__ as an object in metadata', { ...init, metadata: JSON.parse('{"__proto__":{"a":"b"}}') as object }, 'INVALID_INSTANCE', /"__proto__"/],
    ['constructor in metadata', { ...init, metadata: { constructor: 'x' } }, 'INVALID_INSTANCE', /"constructor"/],
  ];
  for (const [what, value, code, message] of bad) {
    it(`is refused: ${what}`, () => {
      expectThrow(() => createInstance(value as InstanceInit), code, message);
    });
  }

  it('leaves Object.prototype alone, whatever it was given', () => {
    for (const [, value, code] of bad) expectThrow(() => createInstance(value as InstanceInit), code);
    expect(({} as Record<string, unknown>).a).to.equal(undefined);
    expect(({} as Record<string, unknown>).weight).to.equal(undefined);
  });

  it('may have an id of any whole characters', () => {
    for (const id of ['pod/0', 'ü-😀', 'a:b@c', '.hidden']) expect(createInstance({ ...init, id }).id).to.equal(id);
  });

  it('takes metadata without a prototype', () => {
    const metadata = Object.assign(Object.create(null) as Record<string, string>, { a: 'b' });
    expect(createInstance({ ...init, metadata }).metadata).to.deep.equal({ a: 'b' });
  });

  it('may have a record of exactly the allowed size, in bytes of UTF-8, and not one more', () => {
    const empty = Buffer.byteLength(JSON.stringify(createInstance({ ...init, metadata: { k: '' } })));
    const room = maxRecordBytes - empty;
    const fits = `${'é'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}`;
    expect(Buffer.byteLength(JSON.stringify(createInstance({ ...init, metadata: { k: fits } })))).to.equal(maxRecordBytes);
    expectThrow(() => createInstance({ ...init, metadata: { k: `${fits}x` } }), 'RECORD_TOO_LARGE', /65537 bytes; at most 65536/);
  });
});

describe('an instance out of a record', () => {
  it('leaves aside fields that a newer writer added', () => {
    expect(instanceFromRecord('s', 'i', { address: 'h:1', colour: 'red' })).to.deep.equal({ service: 's', id: 'i', address: 'h:1', weight: 100, metadata: {} });
  });

  it('takes null for a field that is not there', () => {
    expect(instanceFromRecord('s', 'i', { address: 'h:1', version: null, zone: null, weight: null, metadata: null })).to.deep.equal({
      service: 's',
      id: 'i',
      address: 'h:1',
      weight: 100,
      metadata: {},
    });
  });

  it('is refused for the same reasons as one that a caller gives', () => {
    expectThrow(() => instanceFromRecord('s', 'i', {}), 'INVALID_ADDRESS');
    expectThrow(() => instanceFromRecord('s', 'i', { address: 'h:1', weight: 'many' }), 'INVALID_INSTANCE');
    expectThrow(() => instanceFromRecord('s', 'i', JSON.parse('{"address":"h:1","metadata":{"__proto__":"x"}}') as Record<string, unknown>), 'INVALID_INSTANCE');
  });
});

describe('a change of an instance', () => {
  const instance = createInstance({ ...init, version: '1', zone: 'a', metadata: { a: '1', b: '2' } });

  it('leaves what it does not name, and replaces metadata as a whole', () => {
    expect(changeInstance(instance, { weight: 5, metadata: { c: '3' } })).to.deep.equal({ ...instance, weight: 5, metadata: { c: '3' } });
  });

  it('leaves a field that is given as undefined', () => {
    expect(changeInstance(instance, { version: undefined, zone: 'b' })).to.deep.equal({ ...instance, zone: 'b' });
  });

  for (const change of [{ id: 'x' }, { service: 'x' }, { address: 'h:1' }, { wieght: 1 }, { weight: -1 }, { weight: null }, { metadata: null }, null, 'x', JSON.parse('{"__proto__":{}}') as object]) {
    it(`is refused: ${JSON.stringify(change)}`, () => {
      expectThrow(() => changeInstance(instance, change as InstanceChange), 'INVALID_INSTANCE');
    });
  }
});

describe('two instances are the same', () => {
  const one = createInstance({ ...init, version: '1', zone: 'a', metadata: { a: '1', b: '2' } });

  it('when every field is, in whatever order', () => {
    expect(sameInstance(one, createInstance({ metadata: { b: '2', a: '1' }, zone: 'a', version: '1', ...init }))).to.equal(true);
  });

  for (const change of [{ service: 'x' }, { id: 'x' }, { address: 'h:1' }, { weight: 1 }, { version: '2' }, { zone: 'b' }, { metadata: { a: '1' } }, { metadata: { a: '1', c: '2' } }, { metadata: { a: '1', b: '3' } }]) {
    it(`but not with ${JSON.stringify(change)}`, () => {
      expect(sameInstance(one, createInstance({ ...one, ...change }))).to.equal(false);
    });
  }
});

describe('metadata of records', () => {
  const read = (metadata: Record<string, string>) => instanceFromRecord('s', 'i', { address: 'h:1', metadata }).metadata;

  it('is one object as long as it is the same, and never a wrong one', () => {
    const first = read({ a: '1', b: '2' });
    expect(read({ a: '1', b: '2' })).to.equal(first);
    for (const other of [{ a: '1' }, { a: '1', b: '3' }, { a: '1', b: '2', c: '3' }, { a: '1', c: '2' }, {}]) {
      expect(read({ ...other })).to.deep.equal(other);
      expect(read({ a: '1', b: '2' })).to.deep.equal(first);
    }
    expect(Object.isFrozen(read({ x: 'y' }))).to.equal(true);
  });

  it('of a caller stays his own', () => {
    const mine = { a: '1', b: '2' };
    expect(createInstance({ service: 's', address: 'h:1', metadata: mine }).metadata).not.to.equal(mine);
    expect(Object.isFrozen(mine)).to.equal(false);
  });
});
