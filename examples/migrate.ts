/** The pieces of docs/migration.md. Not run by itself: a test runs it on a real etcd. */
import { type Backend, connect, recordLayout } from 'rollcall';

/** A server that Kratos clients find, and that has a zone for those that read the native layout. */
export async function serveBothWorlds(etcd: string): Promise<Backend> {
  const backend = await connect(`etcd://${etcd}?layout=rollcall,kratos&drop=zone`);
  await backend.registry.register({ service: 'helloworld', address: '10.0.0.1:9000', version: 'v1.0.0', zone: 'eu-1' });
  return backend;
}

/** A client that finds servers of both worlds, each once. */
export async function readBothWorlds(etcd: string): Promise<readonly string[]> {
  await using backend = await connect(`etcd://${etcd}?layout=rollcall,kratos`);
  const { instances } = await backend.discovery.get('helloworld');
  return instances.map((instance) => `${instance.address} (${recordLayout(instance)})`);
}
