import { expect } from 'chai';

import { Program } from '../support/program.js';

describe('the example of the two ports', function () {
  this.timeout(20_000);

  it('shows each change, and ends by itself', async () => {
    const program = new Program('examples/ports.ts', [], { ROLLCALL_REGISTRY: 'memory:' });
    expect(await program.exited, program.output).to.equal(0);
    const lines = program.output.trim().split('\n');
    expect(lines.at(0)).to.equal('live: 0 there, +0 -0 ~0');
    expect(lines).to.include('live: 1 there, +1 -0 ~0').and.to.include('live: 1 there, +0 -0 ~1').and.to.include('live: 0 there, +0 -1 ~0');
    expect(program.output).to.match(/revision \d+: 10\.0\.0\.1:8000 \(50\)/);
    expect(lines.at(-1)).to.match(/registration closed|live: 0 there/);
  });
});
