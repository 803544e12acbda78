import { expect } from 'chai';

import { systemClock } from '../../../src/core/clock.js';
import { systemRandom } from '../../../src/core/random.js';
import { attributesWith, contextFrom } from '../../../src/grpc/balancer/context.js';

describe('the context of a policy', () => {
  const context = { clock: { ...systemClock }, random: () => 0.5 };

  it('arrives with the channel options that grpc-js merges the attributes into', () => {
    expect(contextFrom({ 'grpc.enable_channelz': 0, ...attributesWith(context) })).to.equal(context);
  });

  it('is in no entry that grpc-js would copy to the subchannels or print', () => {
    expect(Object.entries(attributesWith(context))).to.deep.equal([]);
    expect(JSON.stringify(attributesWith(context))).to.equal('{}');
  });

  it('is the system where another resolver gives none', () => {
    expect(contextFrom({})).to.deep.equal({ clock: systemClock, random: systemRandom });
  });
});
