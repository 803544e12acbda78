import { expect } from 'chai';
import fc from 'fast-check';

import { carriedBy } from '../../src/adapters/etcd/layouts/carried.js';
import { layouts } from '../../src/adapters/etcd/layouts/index.js';
import type { Layout } from '../../src/adapters/etcd/layouts/layout.js';
import { layoutNames } from '../../src/adapters/etcd/layouts/names.js';
import { connect } from '../../src/connect.js';
import type { Backend, ServiceInstance } from '../../src/core/index.js';
import { instancesFor } from '../layouts/round-trip.js';
import { poll } from '../support/poll.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { sharedEtcd } from '../support/shared-etcd.js';
import { GoPeer } from './go-peer.js';

const wanted = 200;

/** A map that was never made is null to Go. */
type SeenByGo = Omit<ServiceInstance, 'metadata'> & { readonly metadata: ServiceInstance['metadata'] | null };

/** Instances with everything that the layout carries, the same ones in every run; no two of a service have an id or an address in common. */
function samples(layout: Layout): ServiceInstance[] {
  const taken = new Map<string, ServiceInstance>();
  const used = new Set<string>();
  for (const instance of fc.sample(instancesFor(layout), { seed: 5, numRuns: wanted * 10 })) {
    const names = [`${instance.service} ${instance.id}`, `${instance.service} ${instance.address}`];
    if (taken.size === wanted) break;
    if (names.some((name) => used.has(name)) || refuses(layout, instance)) continue;
    for (const name of names) used.add(name);
    taken.set(names[0]!, instance);
  }
  expect(taken).to.have.property('size', wanted);
  return [...taken.values()];
}

/** What one program can register, whose instances share a lease: those that have keys of their own. */
function atOnce(layout: Layout, instances: readonly ServiceInstance[]): ServiceInstance[] {
  const byKey = new Map(instances.map((instance) => [keyOf(layout, instance, '1'), instance]));
  expect(byKey.size).to.be.above(wanted / 4);
  return [...byKey.values()];
}

function refuses(layout: Layout, instance: ServiceInstance): boolean {
  try {
    carriedBy(layout, instance, new Set());
    return false;
  } catch {
    return true;
  }
}

function keyOf(layout: Layout, instance: ServiceInstance, lease: string): string {
  const place = `${instance.service}/${layout.suffix(instance, lease)}`;
  return layout.defaultPrefix === '' ? place : `${layout.defaultPrefix}/${place}`;
}

/** Go writes backspace and form feed in the short form since 1.22; any other escape is passed over, a backslash that was escaped as well. */
function asNewerGo(json: string): string {
  return json.replace(/\\(?:u0008|u000c|.)/g, (escape) => (escape === '\\u0008' ? '\\b' : escape === '\\u000c' ? '\\f' : escape));
}

/** go-zero's clients have no ids; elsewhere an instance whose id is not carried has its address for one. */
function asSeenByGo(layout: Layout, { service, id, address, weight, version, metadata }: ServiceInstance): object {
  const named = layout.carries.has('id') && layout.name !== 'go-zero' ? { id } : {};
  return { service, address, weight, ...named, ...(version === undefined ? {} : { version }), metadata };
}

for (const name of layoutNames.filter((each) => each !== 'rollcall' && each !== 'plain')) {
  const layout = layouts[name];

  describe(`${wanted} records of layout ${name}, as Go’s own encoders write and read them`, function () {
    this.timeout(60_000);
    const instances = samples(layout);
    const services = [...new Set(instances.map(({ service }) => service))];
    let endpoint: string;
    let raw: RawEtcd;
    let backend: Backend;

    before(async () => {
      const etcd = await sharedEtcd();
      endpoint = etcd.endpoints[0]!;
      raw = openRawEtcd(etcd);
    });

    after(() => raw.close());

    beforeEach(async () => {
      backend = await connect(`etcd://${endpoint}?layout=${name}`);
    });

    afterEach(() => backend.close());

    const found = async (): Promise<ServiceInstance[]> => (await Promise.all(services.map(async (service) => (await backend.discovery.get(service)).instances))).flat();

    const byId = (list: readonly ServiceInstance[]): Record<string, ServiceInstance> => Object.fromEntries(list.map((each) => [`${each.service} ${each.id}`, each]));

    it('Go’s are those of this library, byte for byte, are all found here, and are gone when Go takes them back', async () => {
      await using peer = new GoPeer('publish', endpoint, name);
      for (const instance of instances) {
        const { key, lease } = await peer.ask<{ key: string; lease: string }>(JSON.stringify(instance));
        const record = await raw.get(key);
        expect(record).to.include({ key: keyOf(layout, instance, lease), lease });
        const value = record!.value.toString();
        // Hertz writes with bytedance/sonic, which escapes less and sorts nothing; Debian does not have it.
        if (name === 'hertz') expect(JSON.parse(value)).to.deep.equal(JSON.parse(layout.encode(instance)));
        else expect(asNewerGo(value)).to.equal(layout.encode(instance));
      }
      expect(byId(await found())).to.deep.equal(byId(instances));
      await peer.leave();
      await poll('Go’s withdrawal', async () => (await found()).length === 0);
    });

    it('Go reads those of this library as they are meant, and finds none once they are deregistered', async () => {
      await using peer = new GoPeer('list', endpoint, name);
      const goFinds = async (): Promise<object[]> => {
        const answers: object[] = [];
        for (const service of services) {
          const { instances: each } = await peer.ask<{ readonly instances: readonly SeenByGo[] }>(service);
          answers.push(...each.map((instance) => asSeenByGo(layout, { ...instance, metadata: instance.metadata ?? {} })));
        }
        return answers;
      };
      const registered = atOnce(layout, instances);
      const registrations = await Promise.all(registered.map((instance) => backend.registry.register(instance)));
      expect(await goFinds()).to.have.deep.members(registered.map((instance) => asSeenByGo(layout, instance)));
      await Promise.all(registrations.map((registration) => registration.deregister()));
      expect(await goFinds()).to.deep.equal([]);
      await peer.leave();
    });
  });
}
