import { expect } from 'chai';

import { Catalogue } from '../../src/config/catalogue.js';
import { loadConfig } from '../../src/config/load-config.js';
import { defaultCatalogue, registerAdapter, shippedAdapters } from '../../src/config/shipped.js';
import type { AdapterEntry } from '../../src/core/adapter.js';
import { failure } from './expect-error.js';
import { fakeAdapter } from './fake-adapter.js';

describe('the catalogue of adapters', () => {
  it('knows the shipped adapters from the start', () => {
    expect(defaultCatalogue.names).to.include.members(['memory', 'etcd']);
    expect(defaultCatalogue.schemes).to.include.members(['memory', 'etcd', 'etcds']);
  });

  it('finds an adapter by its name and by each of its schemes', async () => {
    const { entry } = fakeAdapter();
    const catalogue = new Catalogue([entry]);
    const adapter = await entry.load();
    expect(await catalogue.loadByName('fake')).to.equal(adapter);
    expect(await catalogue.loadByScheme('fake')).to.equal(adapter);
    expect(await catalogue.loadByScheme('fakes')).to.equal(adapter);
  });

  it('takes the name for the scheme unless told otherwise', () => {
    expect(new Catalogue([{ name: 'plain', load: fakeAdapter().load }]).schemes).to.deep.equal(['plain']);
  });

  it('loads no adapter before it is asked for', async () => {
    const [one, other] = [fakeAdapter('one'), fakeAdapter('other')];
    await new Catalogue([one.entry, other.entry]).loadByName('one');
    expect(one.load.callCount).to.equal(1);
    expect(other.load.callCount).to.equal(0);
  });

  it('is open to third parties by registerAdapter', async () => {
    const { entry } = fakeAdapter('third-party');
    registerAdapter(entry);
    expect((await loadConfig('third-partys://here')).options).to.include({ place: 'here', brave: true });
    await failure(() => registerAdapter(entry), 'INVALID_CONFIG');
  });

  const { load } = fakeAdapter();
  const refused: [string, AdapterEntry, RegExp][] = [
    ['a name that is taken', { name: 'etcd', schemes: ['new'], load }, /adapter "etcd" is already registered/],
    ['a scheme that is taken', { name: 'new', schemes: ['new', 'etcds'], load }, /scheme "etcds" of adapter "new" already belongs to adapter "etcd"/],
    ['a scheme given twice', { name: 'new', schemes: ['new', 'new'], load }, /scheme "new" of adapter "new" already belongs to adapter "new"/],
    ['a name that is no scheme', { name: 'Not a scheme', load }, /"Not a scheme" is not a URL scheme/],
    ['no scheme', { name: 'new', schemes: [], load }, /has no URL scheme/],
    ['no load function', { name: 'new' } as unknown as AdapterEntry, /has no load function/],
  ];
  for (const [what, entry, message] of refused) {
    it(`refuses ${what}, and then adds nothing`, async () => {
      const catalogue = new Catalogue(shippedAdapters);
      const before = [catalogue.names, catalogue.schemes];
      const error = await failure(() => catalogue.register(entry), 'INVALID_CONFIG');
      expect(error.message).to.match(message);
      expect([catalogue.names, catalogue.schemes]).to.deep.equal(before);
    });
  }

  it('says which adapters there are when asked for another', async () => {
    const catalogue = new Catalogue(shippedAdapters);
    expect((await failure(() => catalogue.loadByName('etdc'), 'UNKNOWN_ADAPTER')).message).to.equal(
      'unknown adapter "etdc"; did you mean "etcd"? Known adapters: memory, etcd',
    );
    expect((await failure(() => catalogue.loadByScheme('consul'), 'UNKNOWN_ADAPTER')).message).to.equal(
      'no adapter for the URL scheme "consul". Known schemes: memory, etcd, etcds',
    );
  });

  it('reports an entry that cannot be loaded, or that loads something else', async () => {
    const broken = new Catalogue([{ name: 'broken', load: () => Promise.reject(new Error('no such module')) }]);
    expect((await failure(() => broken.loadByName('broken'), 'INTERNAL')).message).to.equal('loading adapter "broken": no such module');
    const other = new Catalogue([{ name: 'other', load: fakeAdapter('fake').entry.load }]);
    await failure(() => other.loadByName('other'), 'INVALID_CONFIG');
  });
});
