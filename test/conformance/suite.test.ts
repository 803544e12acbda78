import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { conformance, conformanceCases, type Feature, type World } from '../../src/conformance/index.js';
import { memoryWorld } from './memory-world.js';

interface Defined {
  readonly suite: string;
  readonly tests: Map<string, () => Promise<void>>;
}

/** Collects the tests as a runner would, without running them. */
function define(features: readonly Feature[] | undefined, factory: () => Promise<World>): Defined {
  let suite = '';
  const tests = new Map<string, () => Promise<void>>();
  conformance({
    describe: (name, body) => {
      suite = name;
      body();
    },
    it: (name, body) => tests.set(name, body),
    name: 'mine',
    factory,
    ...(features === undefined ? {} : { features }),
  });
  return { suite, tests };
}

describe('conformance()', () => {
  it('runs under node:test as well', async () => {
    const code = `
      import { describe, it } from 'node:test';
      import { conformance } from './src/conformance/index.ts';
      import { memoryWorld } from './test/conformance/memory-world.ts';
      conformance({ describe, it, name: 'memory', factory: () => memoryWorld() });`;
    const args = ['--import', 'tsx', '--test-reporter=tap', '--input-type=module', '--eval', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: new URL('../../', import.meta.url), timeout: 9000 });
    expect(stdout).to.match(new RegExp(`# tests ${conformanceCases.length}\n(.*\n)*# fail 0`));
  });

  it('defines a test for every case, and names the adapter', () => {
    const { suite, tests } = define(['fields', 'loseLease', 'interrupt', 'corrupt', 'freeze', 'watches', 'leases'], memoryWorld);
    expect(suite).to.include('mine');
    expect([...tests.keys()]).to.deep.equal(conformanceCases.map(({ title }) => title));
  });

  it('has at least one case for each of the twelve laws, for the status of the ports, and for bad input', () => {
    const starts = new Set(conformanceCases.map(({ title }) => title.slice(0, title.indexOf(':'))));
    expect([...starts]).to.have.members([...Array.from({ length: 12 }, (_, index) => `law ${index + 1}`), 'status', 'bad input']);
  });

  it('says in the title what it cannot show, and makes no world for it', async () => {
    let worlds = 0;
    const { tests } = define([], () => {
      worlds++;
      return memoryWorld();
    });
    const hidden = [...tests].filter(([title]) => title.includes('not shown'));
    expect(hidden.map(([title]) => title)).to.include(
      'law 7: a lost lease is granted again and every registration of it written again, each time (not shown: no loseLease)',
    );
    expect(hidden).to.have.length(conformanceCases.filter(({ needs }) => needs !== undefined).length);
    for (const [, body] of hidden) await body();
    expect(worlds).to.equal(0);
  });

  it('takes records with all fields for granted', () => {
    const { tests } = define(undefined, memoryWorld);
    expect([...tests.keys()].filter((title) => title.includes('no fields'))).to.be.empty;
  });

  it('blames the factory when a promised hook is missing', async () => {
    const { tests } = define(['leases'], async () => {
      const { ttl, patience, connect, close, pass } = await memoryWorld();
      return { ttl, patience, connect, close, ...(pass === undefined ? {} : { pass }) };
    });
    const shared = tests.get('law 11: all registrations with one TTL share one lease; closing gives it back');
    const error = await shared?.().catch((reason: unknown) => reason);
    expect(String(error)).to.include('"leases"');
  });

  it('closes the world of a case that failed, and reports what the case found', async () => {
    let closed = 0;
    const broken = (): Promise<World> =>
      memoryWorld(() => {
        throw new Error('no connection today');
      }).then((world) => ({ ...world, close: () => closed++ }));
    const { tests } = define([], broken);
    const error = await tests.get(conformanceCases[0]?.title ?? '')?.().catch((reason: unknown) => reason);
    expect(String(error)).to.include('no connection today');
    expect(closed).to.equal(1);
  });
});
