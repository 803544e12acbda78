import { expect } from 'chai';

import type { ResponseOp } from '../../../src/adapters/etcd/transport.js';
import { chunks, outcomeOf, removeOp, writeBytes, writeOps } from '../../../src/adapters/etcd/write-txn.js';

const key = Buffer.from('/rollcall/s/a');
const value = Buffer.from('v');

describe('the transaction of a write', () => {
  const put = { request_put: { key, value, lease: '7' } };
  const notUnder = (lease: string) => ({ key, target: 'Lease', result: 'NotEqual', lease });

  it('is a plain put for a claim: the newest owner wins', () => {
    expect(writeOps({ puts: [{ key, value }], mode: 'claim' }, '7', ['7'])).to.deep.equal([put]);
  });

  it('puts a renewal unless a record stands there that is under no lease of ours', () => {
    expect(writeOps({ puts: [{ key, value }], mode: 'renew' }, '7', ['7', '6'])).to.deep.equal([{
      request_txn: { compare: [notUnder('7'), notUnder('6'), { key, target: 'Mod', result: 'Greater', mod_revision: '0' }], success: [], failure: [put] },
    }]);
  });

  it('replaces what a restored backup has brought back', () => {
    expect(writeOps({ puts: [{ key, value }], mode: 'renew', historyBegan: '40' }, '7', ['7'])).to.deep.equal([{
      request_txn: { compare: [notUnder('7'), { key, target: 'Mod', result: 'Greater', mod_revision: '40' }], success: [], failure: [put] },
    }]);
  });

  it('of a claim that is tried again leaves alone what another wrote after the first attempt began', () => {
    expect(writeOps({ puts: [{ key, value }], mode: 'claim', since: '40' }, '7', ['7'])).to.deep.equal([{
      request_txn: { compare: [notUnder('7'), { key, target: 'Mod', result: 'Greater', mod_revision: '40' }], success: [], failure: [put] },
    }]);
  });

  it('carries the record once, so that one which fits into a request fits into every later one', () => {
    for (const mode of ['claim', 'renew'] as const) {
      expect(writeBytes({ puts: [{ key, value }], mode }, ['7', '6', '5'])).to.equal(5 * key.length + value.length);
    }
  });

  it('removes nothing that is under no lease of ours', () => {
    expect(removeOp(key, ['7'])).to.deep.equal({
      request_txn: { compare: [notUnder('7')], success: [], failure: [{ request_delete_range: { key } }] },
    });
  });

  it('removes nothing where no lease is ours: an empty condition holds', () => {
    expect(removeOp(key, [])).to.deep.equal({ request_txn: { compare: [], success: [], failure: [{ request_delete_range: { key } }] } });
  });

  it('of several keys puts all or none: each has its condition, one inside the other', () => {
    const other = { key: Buffer.from('/microservices/s/a'), value: Buffer.from('w') };
    const foreign = (each: Buffer) => [
      { key: each, target: 'Lease', result: 'NotEqual', lease: '7' },
      { key: each, target: 'Mod', result: 'Greater', mod_revision: '0' },
    ];
    expect(writeOps({ puts: [{ key, value }, other], mode: 'renew' }, '7', ['7'])).to.deep.equal([{
      request_txn: {
        compare: foreign(key),
        success: [],
        failure: [{ request_txn: { compare: foreign(other.key), success: [], failure: [put, { request_put: { ...other, lease: '7' } }] } }],
      },
    }]);
    expect(writeOps({ puts: [{ key, value }, other], mode: 'claim' }, '7', ['7'])).to.deep.equal([put, { request_put: { ...other, lease: '7' } }]);
  });

  it('of several keys was stored unless one of them is another owner’s', () => {
    const txn = (succeeded: boolean, responses: ResponseOp[]): ResponseOp => ({ response_txn: { succeeded, responses } }) as unknown as ResponseOp;
    const stored = { response_put: {}, response_txn: null } as unknown as ResponseOp;
    expect(outcomeOf(txn(true, [stored, stored])), 'a claim').to.equal('stored');
    expect(outcomeOf(txn(false, [txn(false, [stored, stored])]))).to.equal('stored');
    expect(outcomeOf(txn(true, [])), 'the first key').to.equal('superseded');
    expect(outcomeOf(txn(false, [txn(true, [])])), 'the second key').to.equal('superseded');
  });

  it('was stored unless the condition held that makes it another owner’s', () => {
    const answered = (succeeded: boolean): ResponseOp => ({ response_txn: { succeeded, responses: [] } }) as unknown as ResponseOp;
    expect(outcomeOf(answered(false))).to.equal('stored');
    expect(outcomeOf(answered(true))).to.equal('superseded');
    // Members of the oneof that are not set are missing, as proto-loader builds it, or null.
    expect(outcomeOf({ response_put: {} } as unknown as ResponseOp)).to.equal('stored');
    expect(outcomeOf({ response_put: {}, response_txn: null } as unknown as ResponseOp)).to.equal('stored');
  });
});

describe('cutting a batch into transactions', () => {
  it('keeps below 128 operations, the limit of etcd, with room for what stands inside them', () => {
    expect(chunks(Array.from({ length: 250 }), () => 1).map((chunk) => chunk.length)).to.deep.equal([100, 100, 50]);
  });

  it('keeps well below the request limit of etcd in bytes', () => {
    expect(chunks([600_000, 600_000, 100], (bytes) => bytes)).to.deep.equal([[600_000], [600_000, 100]]);
  });

  it('of nothing is nothing', () => {
    expect(chunks([], () => 1)).to.deep.equal([]);
  });
});
