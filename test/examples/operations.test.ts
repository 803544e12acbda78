import { expect } from 'chai';

import { Program } from '../support/program.js';

describe('the example for operators', function () {
  this.timeout(20_000);

  it('answers probes, gives figures, tells transitions and ends on SIGTERM', async () => {
    await using program = new Program('examples/operations.ts', [], { ROLLCALL_REGISTRY: 'memory:', PORT: '0' });
    await program.waitFor(/ready on (http:\/\/127\S+)/);
    const url = /ready on (http:\/\/127\S+)/.exec(program.output)![1]!;
    const probe = await fetch(url);
    expect(probe.status).to.equal(200);
    expect(await probe.json()).to.deep.include({ state: 'live', registrations: { active: 1, recovering: 0 } });
    const figures = await (await fetch(`${url}/metrics`)).text();
    expect(figures).to.match(/^rollcall_registrations\{state="active"\} 1$/m).and.to.match(/^rollcall_services\{status="stale"\} 0$/m);
    program.signal('SIGTERM');
    expect(await program.exited, program.output).to.equal(0);
    expect(program.output).to.match(/orders 10\.0\.0\.1:8000 closed/).and.to.match(/discovery closed/);
  });
});
