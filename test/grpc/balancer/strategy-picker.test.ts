import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import type { Child } from '../../../src/grpc/balancer/child.js';
import type { Strategy } from '../../../src/grpc/balancer/strategy.js';
import { StrategyPicker } from '../../../src/grpc/balancer/strategy-picker.js';
import { type PickResult, PickResultType } from '../../../src/grpc/experimental.js';

const args = { metadata: new Metadata(), extraPickInfo: {} };

describe('the picker', () => {
  let said: string[];
  let result: PickResult;

  function picker(follow: boolean, chosen = true): StrategyPicker {
    const child = { pick: () => result } as unknown as Child;
    const strategy = { pick: () => (chosen ? child : undefined) };
    const following = { follow: () => ({ started: () => said.push('follower: started'), ended: () => said.push('follower: ended') }) };
    return new StrategyPicker((follow ? { ...strategy, ...following } : strategy) as unknown as Strategy<Child>);
  }

  beforeEach(() => {
    said = [];
    result = {
      pickResultType: PickResultType.COMPLETE,
      subchannel: {} as never,
      status: null,
      onCallStarted: () => said.push('leaf: started'),
      onCallEnded: (code, details, metadata) => said.push(`leaf: ended ${code} ${details} ${metadata.get('a').join()}`),
    };
  });

  it('gives what the connection gives, where nobody follows calls', () => {
    expect(picker(false).pick(args)).to.equal(result);
  });

  it('tells the strategy and the connection of the start and the end of a call', () => {
    const picked = picker(true).pick(args);
    expect(picked.subchannel).to.equal(result.subchannel);
    const metadata = new Metadata();
    metadata.set('a', 'b');
    picked.onCallStarted?.();
    picked.onCallEnded?.(status.ABORTED, 'why', metadata);
    expect(said).to.deep.equal(['follower: started', 'leaf: started', 'follower: ended', 'leaf: ended 10 why b']);
  });

  it('does with a connection that has nothing to tell', () => {
    result = { ...result, onCallStarted: null, onCallEnded: null };
    const picked = picker(true).pick(args);
    picked.onCallStarted?.();
    picked.onCallEnded?.(status.OK, '', new Metadata());
    expect(said).to.deep.equal(['follower: started', 'follower: ended']);
  });

  it('follows no call that has nobody to go to', () => {
    result = { ...result, pickResultType: PickResultType.QUEUE };
    expect(picker(true).pick(args)).to.equal(result);
  });

  it('has calls wait while nobody is there', () => {
    expect(picker(true, false).pick(args).pickResultType).to.equal(PickResultType.QUEUE);
  });
});
