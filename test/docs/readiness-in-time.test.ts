import { expect } from 'chai';
import { connectMemory, ManualClock, MemoryServer } from 'rollcall/memory';

import { reportReadiness, statusOf } from './readiness.js';

const billing = { service: 'billing', address: '10.0.0.1:80' };

describe('a billing server and its status page', () => {
  let clock: ManualClock;
  let server: MemoryServer;

  beforeEach(() => {
    clock = new ManualClock();
    server = new MemoryServer({ clock });
  });

  it('shows the server until it has been dead for its TTL', async () => {
    await using owner = connectMemory({ server, ttl: 30 });
    await using page = connectMemory({ server });
    await owner.registry.register(billing);
    owner.freeze();
    await clock.advance(29_000);
    expect(await statusOf(page.discovery, 'billing')).to.equal('1 up');
    await clock.advance(1000);
    expect(await statusOf(page.discovery, 'billing')).to.equal('nobody there');
  });

  it('does not know while it is cut off from the registry', async () => {
    await using page = connectMemory({ server, requestTimeout: 5 });
    page.interrupt();
    const status = statusOf(page.discovery, 'billing');
    await clock.advance(5000);
    expect(await status).to.equal('unknown');
  });

  it('drops readiness with a lost lease and regains it by itself', async () => {
    await using owner = connectMemory({ server });
    const seen: boolean[] = [];
    reportReadiness(await owner.registry.register(billing), (ready) => seen.push(ready));
    owner.loseLeases();
    await clock.advance(1000);
    expect(seen).to.deep.equal([true, false, true]);
  });
});
