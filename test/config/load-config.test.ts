import { inspect } from 'node:util';

import { expect } from 'chai';
import sinon from 'sinon';

import { Catalogue } from '../../src/config/catalogue.js';
import { type ConfigSource, loadConfig } from '../../src/config/load-config.js';
import type { RegistryConfig } from '../../src/config/registry-config.js';
import type { AdapterDeps, Backend } from '../../src/core/adapter.js';
import { systemClock } from '../../src/core/clock.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import { silentLogger } from '../../src/core/logger.js';
import { failure } from './expect-error.js';
import { fakeAdapter, fakeBackend, type FakeAdapter } from './fake-adapter.js';

const deps: AdapterDeps = { clock: systemClock, random: () => 0, logger: silentLogger };

describe('configuration', () => {
  let fake: FakeAdapter;
  let catalogue: Catalogue;
  const load = (source?: ConfigSource, env: Record<string, string> = {}): Promise<RegistryConfig> => loadConfig(source, { catalogue, env });

  beforeEach(() => {
    fake = fakeAdapter();
    catalogue = new Catalogue([fake.entry]);
  });

  it('means the same as a URL, as an object and in the environment', async () => {
    const url = 'fakes://me:pw@here?limit=4';
    const object = { adapter: 'fake', place: 'here', user: 'me', token: 'pw', limit: 4, brave: true };
    for (const config of [await load(url), await load(object), await load(undefined, { ROLLCALL_REGISTRY: url })]) {
      await config.connect(deps);
      expect(config.adapter).to.equal('fake');
      expect(fake.connect.lastCall.args[0]).to.deep.equal({ place: 'here', user: 'me', token: 'pw', limit: 4, brave: true });
    }
  });

  it('fills in what is not given', async () => {
    expect((await load('fake:')).options).to.deep.equal({ place: undefined, user: undefined, token: undefined, limit: 3, brave: false });
  });

  it('takes what is given before the environment', async () => {
    expect((await load('fake:given', { ROLLCALL_REGISTRY: 'fake:environment' })).options.place).to.equal('given');
  });

  it('takes a configuration that was loaded before as it is', async () => {
    const config = await load('fake:');
    expect(await load(config)).to.equal(config);
  });

  it('says how to give a registry when there is none', async () => {
    for (const env of [{}, { ROLLCALL_REGISTRY: '' }]) {
      const error = await failure(() => load(undefined, env), 'INVALID_CONFIG');
      expect(error.message).to.match(/etcd:\/\/127\.0\.0\.1:2379/).and.match(/ROLLCALL_REGISTRY/);
    }
  });

  it('refuses an option in the query that the rest of the URL gives as well', async () => {
    const error = await failure(() => load('fake://me:s3cret@here?token=s3cret'), 'INVALID_CONFIG');
    expect(error.message).to.match(/option "token" of adapter fake is given twice/).and.not.include('s3cret');
    expect((await load('fake://me@here?token=s3cret')).options.user).to.equal('me');
  });

  const unknownOptions: [string, ConfigSource][] = [
    ['a URL', 'fake:here?limti=4'],
    ['an object', { adapter: 'fake', limti: 4 }],
  ];
  for (const [form, source] of unknownOptions) {
    it(`names an unknown option of ${form}, and the known ones`, async () => {
      const error = await failure(() => load(source), 'UNKNOWN_OPTION');
      expect(error.message).to.equal('unknown option "limti" of adapter fake; did you mean "limit"? Known options: place, user, token, limit, brave');
    });
  }

  const badValues: [ConfigSource, RegExp][] = [
    ['fake:?limit=99', /option "limit" of adapter fake: "99" is not a whole number from 1 to 9/],
    [{ adapter: 'fake', limit: 99 }, /option "limit" of adapter fake: 99 is not a whole number from 1 to 9/],
    ['fake:?brave=yes', /option "brave" of adapter fake: "yes" is not true or false/],
  ];
  for (const [source, message] of badValues) {
    it(`names the bad value of ${JSON.stringify(source)}`, async () => {
      expect((await failure(() => load(source), 'INVALID_CONFIG')).message).to.match(message);
    });
  }

  it('is not fooled by an option called __proto__', async () => {
    await failure(() => load('fake:?__proto__=x'), 'UNKNOWN_OPTION');
    await failure(() => load(JSON.parse('{"adapter":"fake","__proto__":{"limit":4}}') as ConfigSource), 'UNKNOWN_OPTION');
  });

  it('names an unknown adapter, and the known ones', async () => {
    expect((await failure(() => load('fakd:x'), 'UNKNOWN_ADAPTER')).message).to.equal('no adapter for the URL scheme "fakd"; did you mean "fake"? Known schemes: fake, fakes');
    expect((await failure(() => load({ adapter: 'fakd' }), 'UNKNOWN_ADAPTER')).message).to.equal('unknown adapter "fakd"; did you mean "fake"? Known adapters: fake');
  });

  const wrongForms: unknown[] = [null, 5, ['fake:'], {}, { adapter: 7 }, { url: 'fake:' }];
  for (const source of wrongForms) {
    it(`refuses ${JSON.stringify(source)}`, () => failure(() => load(source as ConfigSource), 'INVALID_CONFIG'));
  }

  describe('that holds a secret', () => {
    it('shows it to nobody but the adapter', async () => {
      const config = await load('fake://me:s3cret@here');
      const shown = [JSON.stringify(config), inspect(config, { showHidden: true, depth: 9 }), inspect({ deep: { config } }, { depth: 9 }), String(config), inspect(config.options, { showHidden: true })];
      for (const text of shown) expect(text).to.include('here').and.include('***').and.not.include('s3cret');
      await config.connect(deps);
      expect(fake.connect.lastCall.args[0].token).to.equal('s3cret');
    });

    it('does not pretend that there is one', async () => {
      expect(JSON.stringify(await load('fake:'))).to.equal('{"adapter":"fake","options":{"limit":3,"brave":false}}');
    });

    it('does not show it in the error about it', async () => {
      const error = await failure(() => load({ adapter: 'fake', token: ['s3cret'] }), 'INVALID_CONFIG');
      expect(error.message).to.equal('option "token" of adapter fake: the given value is not a text that is not empty');
    });
  });

  describe('when it connects', () => {
    it('passes clock, random, logger and signal to the adapter', async () => {
      const { signal } = new AbortController();
      await (await load('fake:')).connect({ ...deps, signal });
      expect(fake.connect.lastCall.args[1]).to.deep.equal({ ...deps, signal });
    });

    it('passes on an error of ours as it is, and turns any other into one', async () => {
      const config = await load('fake:');
      const ours = new RollcallError('UNAVAILABLE', 'nobody there');
      fake.connect.rejects(ours);
      expect(await failure(() => config.connect(deps), 'UNAVAILABLE')).to.equal(ours);
      const theirs = new TypeError('oops');
      fake.connect.throws(theirs);
      const error = await failure(() => config.connect(deps), 'INTERNAL');
      expect(error.message).to.equal('adapter fake: oops');
      expect(error.cause).to.equal(theirs);
    });

    it('does not begin when the signal has aborted already', async () => {
      const config = await load('fake:');
      await failure(() => config.connect({ ...deps, signal: AbortSignal.abort() }), 'ABORTED');
      expect(fake.connect.callCount).to.equal(0);
    });

    it('closes a connection that comes after the signal aborted', async () => {
      const config = await load('fake:');
      const opening = deferred<Backend>();
      fake.connect.returns(opening.promise);
      const abort = new AbortController();
      const connecting = config.connect({ ...deps, signal: abort.signal });
      abort.abort();
      await failure(() => connecting, 'ABORTED');
      const closed = deferred();
      const late = { ...fakeBackend(), close: sinon.stub().callsFake(() => { closed.resolve(); return Promise.resolve(); }) };
      opening.resolve(late);
      await closed.promise;
      expect(late.close.callCount).to.equal(1);
    });
  });
});
