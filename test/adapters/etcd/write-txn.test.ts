import { expect } from 'chai';

import type { ResponseOp } from '../../../src/adapters/etcd/transport.js';
import { chunks, outcomeOf, removeOp, writeBytes, writeOp } from '../../../src/adapters/etcd/write-txn.js';

const key = Buffer.from('/rollcall/s/a');
const value = Buffer.from('v');

/** An answer as proto-loader builds it, with the unset members of the oneof missing. */
function answered(succeeded: boolean, nested: unknown[] = []): ResponseOp {
  return { response_txn: { succeeded, responses: nested } } as unknown as ResponseOp;
}

describe('the transaction of a write', () => {
  it('is a plain put for a claim: the newest owner wins', () => {
    expect(writeOp({ key, value, mode: 'claim' }, '7', ['7'])).to.deep.equal({ request_put: { key, value, lease: '7' } });
  });

  it('puts a renewal only under a lease of ours, or where nothing stands', () => {
    const put = { request_put: { key, value, lease: '7' } };
    expect(writeOp({ key, value, mode: 'renew' }, '7', ['7', '6'])).to.deep.equal({
      request_txn: {
        compare: [{ key, target: 'Lease', result: 'Equal', lease: '7' }],
        success: [put],
        failure: [
          {
            request_txn: {
              compare: [{ key, target: 'Lease', result: 'Equal', lease: '6' }],
              success: [put],
              failure: [{ request_txn: { compare: [{ key, target: 'Version', result: 'Equal', version: 0 }], success: [put], failure: [] } }],
            },
          },
        ],
      },
    });
  });

  it('of a claim that is tried again leaves alone what was written after the first attempt began', () => {
    const put = { request_put: { key, value, lease: '7' } };
    expect(writeOp({ key, value, mode: 'claim', since: '40' }, '7', ['7'])).to.deep.equal({
      request_txn: {
        compare: [{ key, target: 'Lease', result: 'Equal', lease: '7' }],
        success: [put],
        failure: [{ request_txn: { compare: [{ key, target: 'Mod', result: 'Less', mod_revision: '41' }], success: [put], failure: [] } }],
      },
    });
  });

  it('counts a put once for each condition that carries it', () => {
    const size = 2 * key.length + value.length;
    expect(writeBytes({ key, value, mode: 'claim' }, ['7'])).to.equal(size);
    expect(writeBytes({ key, value, mode: 'claim', since: '40' }, ['7'])).to.equal(2 * size);
    expect(writeBytes({ key, value, mode: 'renew' }, ['7', '6'])).to.equal(3 * size);
  });

  it('removes only under a lease of ours', () => {
    expect(removeOp(key, ['7'])).to.deep.equal({
      request_txn: { compare: [{ key, target: 'Lease', result: 'Equal', lease: '7' }], success: [{ request_delete_range: { key } }], failure: [] },
    });
  });

  it('removes nothing where no lease is ours', () => {
    expect(removeOp(key, [])).to.not.have.nested.property('request_txn.success[0]');
  });

  it('was stored when any of the conditions held', () => {
    expect(outcomeOf(answered(true))).to.equal('stored');
    expect(outcomeOf(answered(false, [answered(true)]))).to.equal('stored');
    expect(outcomeOf({ response_put: {} } as unknown as ResponseOp)).to.equal('stored');
  });

  it('found another owner when none did', () => {
    expect(outcomeOf(answered(false, [answered(false)]))).to.equal('superseded');
    expect(outcomeOf(answered(false))).to.equal('superseded');
  });
});

describe('cutting a batch into transactions', () => {
  it('keeps to 128 operations, the limit of etcd', () => {
    expect(chunks(Array.from({ length: 300 }), () => 1).map((chunk) => chunk.length)).to.deep.equal([128, 128, 44]);
  });

  it('keeps well below the request limit of etcd in bytes', () => {
    expect(chunks([600_000, 600_000, 100], (bytes) => bytes)).to.deep.equal([[600_000], [600_000, 100]]);
  });

  it('of nothing is nothing', () => {
    expect(chunks([], () => 1)).to.deep.equal([]);
  });
});
