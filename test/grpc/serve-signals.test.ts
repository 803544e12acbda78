import { EventEmitter } from 'node:events';

import { expect } from 'chai';
import sinon from 'sinon';

import { deferred, type Deferred } from '../../src/core/deferred.js';
import { stopOnSignals, type StopOnSignalsOptions, type StopOptions } from '../../src/grpc/serve.js';
import { expectThrow } from '../support/expect-rejection.js';
import { fakeLogger } from '../support/fake-logger.js';
import { Program } from '../support/program.js';

describe('stopOnSignals', () => {
  let source: EventEmitter;
  let stopped: Deferred<void>;
  const stops: (boolean | undefined)[] = [];
  const handle = {
    stop: ({ now }: StopOptions = {}) => {
      stops.push(now);
      return stopped.promise;
    },
  };

  function install(options: StopOnSignalsOptions = {}): Disposable {
    return stopOnSignals(handle, { source, ...options });
  }

  beforeEach(() => {
    source = new EventEmitter();
    stopped = deferred();
    stops.length = 0;
  });

  it('stops gracefully on the first signal, at once on the second, and leaves the third alone', () => {
    install();
    source.emit('SIGTERM');
    expect(stops).to.deep.equal([false]);
    source.emit('SIGINT');
    expect(stops).to.deep.equal([false, true]);
    expect([source.listenerCount('SIGTERM'), source.listenerCount('SIGINT')]).to.deep.equal([0, 0]);
  });

  for (const [what, second, result, code] of [
    ['a graceful stop', false, 'resolve', 0],
    ['a forced stop', true, 'resolve', 1],
    ['a stop that failed', false, 'reject', 1],
  ] as const) {
    it(`gives ${code} to exit after ${what}, once`, async () => {
      const exit = sinon.spy();
      const logger = fakeLogger();
      install({ exit, logger });
      source.emit('SIGTERM');
      if (second) source.emit('SIGTERM');
      expect(exit.called).to.equal(false);
      if (result === 'resolve') stopped.resolve();
      else stopped.reject(new Error('no answer'));
      await new Promise(setImmediate);
      expect(exit.args).to.deep.equal([[code]]);
      expect(logger.error.callCount).to.equal(result === 'reject' ? 1 : 0);
      expect(source.eventNames()).to.deep.equal([]);
    });
  }

  it('listens to the signals that it is given, until disposed of', () => {
    const listening = install({ signals: ['SIGHUP'] });
    expect(source.eventNames()).to.deep.equal(['SIGHUP']);
    listening[Symbol.dispose]();
    expect(source.eventNames()).to.deep.equal([]);
  });

  it('refuses what it does not know', () => {
    expectThrow(() => install({ signals: ['SIGKILL' as never] }), 'INVALID_CONFIG', /SIGTERM, SIGINT/);
    expectThrow(() => install({ signal: [] } as never), 'UNKNOWN_OPTION', /"signals"/);
  });

  it('ends a real process by itself, with its record gone', async function () {
    this.timeout(20_000);
    await using program = new Program('examples/server-lifecycle.ts', [], { ROLLCALL_REGISTRY: 'memory:', PROBE_PORT: '0' });
    await program.waitFor(/probes on (http:\/\/127\S+)/);
    const url = /probes on (http:\/\/127\S+)/.exec(program.output)?.[1] ?? '';
    expect((await fetch(`${url}/ready`)).status).to.equal(200);
    expect((await fetch(`${url}/live`)).status).to.equal(200);
    program.signal('SIGHUP');
    await program.waitFor(/paused/);
    expect((await fetch(`${url}/ready`)).status).to.equal(503);
    program.signal('SIGHUP');
    await program.waitFor(/paused[^]*serving/);
    program.signal('SIGTERM');
    expect(await program.exited, program.output).to.equal(0);
    expect(program.output).to.match(/draining active[^]*stopped closed/);
  });
});
