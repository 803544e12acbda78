/** Small programs of a user's, one for each subpath of the package. Each prints `ok`, and names what it uses in its types. */
export interface SubpathProgram {
  readonly subpath: string;
  /** Names to import. */
  readonly names: readonly string[];
  /** Types to import. */
  readonly types: readonly string[];
  /** The body of an async function. */
  readonly body: string;
}

export const subpathPrograms: readonly SubpathProgram[] = [
  {
    subpath: 'rollcall',
    names: ['connect', 'RollcallError', 'errorCodes'],
    types: ['Registration', 'Snapshot'],
    body: `
      const backend = await connect('memory:');
      const registration: Registration = await backend.registry.register({ service: 'simple_grpc', address: 'localhost:8000' });
      const snapshot: Snapshot = await backend.discovery.get('simple_grpc');
      await registration.deregister();
      await backend.close();
      const refused: unknown = await connect('nowhere:').then(() => undefined, (error: unknown) => error);
      const ok = refused instanceof RollcallError && errorCodes.includes(refused.code) && snapshot.instances[0]?.address === 'localhost:8000';`,
  },
  {
    subpath: 'rollcall/memory',
    names: ['memoryAdapter', 'connectMemory'],
    types: [],
    body: `
      const backend = connectMemory();
      await backend.registry.register({ service: 's', address: 'localhost:1' });
      const ok = (await backend.discovery.services())[0] === 's' && memoryAdapter.name === 'memory';
      await backend.close();`,
  },
  {
    subpath: 'rollcall/etcd',
    names: ['etcdAdapter', 'connectEtcd'],
    types: ['EtcdOptions'],
    body: `
      const options: Partial<EtcdOptions> = { endpoints: ['127.0.0.1:1'], connectTimeout: 3 };
      const failed: { code?: string } = await connectEtcd(options).then(() => ({}), (error: { code: string }) => error);
      const ok = etcdAdapter.name === 'etcd' && failed.code === 'UNAVAILABLE';`,
  },
  {
    subpath: 'rollcall/grpc',
    names: ['registerResolver', 'serve'],
    types: ['ServeOptions'],
    body: `
      const optional: Partial<ServeOptions> = { service: 'simple_grpc' };
      const ok = typeof registerResolver === 'function' && typeof serve === 'function' && optional.service === 'simple_grpc';`,
  },
  {
    subpath: 'rollcall/inversify',
    names: ['rollcallModule', 'TOKENS'],
    types: [],
    body: `
      const { Container } = await import('inversify');
      const container = new Container();
      await container.load(rollcallModule('memory:'));
      const registry = await container.getAsync(TOKENS.Registry);
      const registration = await registry.register({ service: 's', address: 'localhost:1' });
      const ok = registration.state === 'active';
      await container.unbindAllAsync();`,
  },
  {
    subpath: 'rollcall/conformance',
    names: ['conformance', 'conformanceCases'],
    types: ['World'],
    body: `
      const titles: string[] = [];
      conformance({
        describe: (_name, body) => body(),
        it: (name) => titles.push(name),
        name: 'mine',
        factory: (): Promise<World> => Promise.reject(new Error('not run')),
      });
      const ok = titles.length === conformanceCases.length && titles.length > 0;`,
  },
];

/** The program as TypeScript: `import` serves both kinds of project, as the compiler turns it into what the project is. */
export function source({ subpath, names, types, body }: SubpathProgram): string {
  const imports = [...names, ...types.map((name) => `type ${name}`)].join(', ');
  return `import { ${imports} } from '${subpath}';\n\nasync function main(): Promise<void> {${body}\n      console.log(ok ? 'ok' : 'wrong');\n}\n\nvoid main();\n`;
}
