import { mkdtemp, readdir, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Backend, silentLogger, systemClock, systemRandom } from 'rollcall';
import { conformance, type World } from 'rollcall/conformance';

import { fileAdapter } from '../../examples/file-adapter.js';

/** Each connection comes to the directory by a link of its own; without the link, the directory is out of its reach. */
async function fileWorld(): Promise<World> {
  const home = await mkdtemp(join(tmpdir(), 'rollcall-file-'));
  const root = join(home, 'root');
  const links = new Map<Backend, string>();
  const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };
  await (await fileAdapter.connect({ dir: root, pollMs: 10, requestTimeout: 1 }, deps)).close();
  return {
    ttl: 1,
    patience: 5000,
    async connect() {
      const link = join(home, `link-${links.size}`);
      await symlink(root, link);
      const backend = await fileAdapter.connect({ dir: link, pollMs: 10, requestTimeout: 1 }, deps);
      links.set(backend, link);
      return backend;
    },
    interrupt: (backend) => unlink(links.get(backend) ?? ''),
    restore: (backend) => symlink(root, links.get(backend) ?? ''),
    async loseLease() {
      for (const lease of await readdir(join(root, '.leases'))) await unlink(join(root, '.leases', lease));
    },
    async corrupt(service, id) {
      const prefix = `${encodeURIComponent(id)}=`;
      const name = (await readdir(join(root, service))).find((each) => each.startsWith(prefix)) ?? `${prefix}0=nobody.0.json`;
      await writeFile(join(root, service, name), '{"address": truncated');
    },
    leases: async () => (await readdir(join(root, '.leases'))).length,
    close: () => rm(home, { recursive: true, force: true }),
  };
}

conformance({ describe, it, name: 'the file adapter', factory: fileWorld, features: ['fields', 'loseLease', 'interrupt', 'corrupt', 'leases'] });
