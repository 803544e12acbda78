import { expect } from 'chai';
import sinon from 'sinon';

import { closeInOrder } from '../../src/core/close-in-order.js';
import { RollcallError } from '../../src/core/errors.js';

describe('closing in order', () => {
  it('closes each part once the one before has closed', async () => {
    const order: string[] = [];
    const part = (name: string) => [name, async () => void (await Promise.resolve(), order.push(name))] as const;
    await closeInOrder('it', [part('a'), part('b'), part('c')]);
    expect(order).to.deep.equal(['a', 'b', 'c']);
  });

  it('goes on after a part that failed, and tells of every failure at the end', async () => {
    const last = sinon.spy();
    const error: unknown = await closeInOrder('it', [
      ['a', () => Promise.reject(new Error('broken'))],
      ['b', () => {
        throw new Error('broken too');
      }],
      ['c', last],
    ]).catch((cause: unknown) => cause);
    expect(last.callCount).to.equal(1);
    expect(error).to.be.instanceOf(RollcallError).and.include({ code: 'INTERNAL', message: 'closing it failed: a: broken; b: broken too' });
    expect(((error as RollcallError).cause as AggregateError).errors).to.have.length(2);
  });

  it('tells once of a failure that two parts report', async () => {
    const shared = new Error('broken');
    const error: unknown = await closeInOrder('it', [['a', () => Promise.reject(shared)], ['b', () => Promise.reject(shared)]]).catch((cause: unknown) => cause);
    expect(error).to.have.property('message', 'closing it failed: a: broken');
  });
});
