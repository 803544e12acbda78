/** A toy adapter: the registry is a directory, `file:/some/dir`. docs/adapters.md walks through it. */
import { type Adapter, type AdapterDeps, type Backend, LeasedRegistry, number, type OptionValues, RollcallError, SharedDiscovery, text } from 'rollcall';

import { Directory } from './file-adapter/directory.js';
import { FileLeaseStore } from './file-adapter/lease-store.js';
import { FileSource } from './file-adapter/source.js';

const options = {
  dir: text({ describe: 'directory that holds the records', fallback: undefined }),
  pollMs: number({ describe: 'milliseconds between two looks at the directory (default 200)', fallback: 200, min: 1, max: 60_000 }),
  requestTimeout: number({ describe: 'seconds register and deregister try for (default 5)', fallback: 5, min: 0.1, max: 3600 }),
};

async function connect({ dir, pollMs, requestTimeout }: OptionValues<typeof options>, deps: AdapterDeps): Promise<Backend> {
  if (dir === undefined) throw new RollcallError('INVALID_CONFIG', 'adapter file: no directory given; write file:/some/dir');
  const { clock } = deps;
  const directory = new Directory(dir, clock);
  await directory.create();
  const registry = new LeasedRegistry((events) => new FileLeaseStore(directory, clock, events), { ...deps, timeoutMs: requestTimeout * 1000 });
  const discovery = new SharedDiscovery(new FileSource(directory, clock, pollMs), deps);
  const close = async (): Promise<void> => {
    try {
      await registry.close();
    } finally {
      await discovery.close();
    }
  };
  return { registry, discovery, close, [Symbol.asyncDispose]: close };
}

export const fileAdapter: Adapter<typeof options> = {
  name: 'file',
  options,
  fromUrl: ({ path }) => (path === '' ? {} : { dir: path }),
  connect,
};
