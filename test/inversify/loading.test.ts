import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';

const root = new URL('../../', import.meta.url);

function dataUrl(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}

/** Runs a module that may not load any package whose name starts with one of these. */
async function runWithout(forbidden: readonly string[], code: string): Promise<string> {
  const hooks = `export function resolve(specifier, context, next) {
    if (${JSON.stringify(forbidden)}.some((name) => specifier.startsWith(name))) throw new Error('loads ' + specifier);
    return next(specifier, context);
  }`;
  const register = `import { register } from 'node:module'; register('${dataUrl(hooks)}');`;
  const args = ['--import', 'tsx', '--import', dataUrl(register), '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.trim();
}

const connectToMemory = `
  const { connect } = await import('./src/index.ts');
  const backend = await connect('memory:').catch((error) => ({ failed: error.message, close: () => undefined }));
  console.log(backend.failed ?? 'connected');
  await backend.close();`;

describe('loading', () => {
  it('the package loads neither a container, nor etcd3, nor grpc-js', async () => {
    const code = `await import('./src/index.ts'); console.log('loaded')`;
    expect(await runWithout(['inversify', '@inversifyjs', 'reflect-metadata', 'etcd3', '@grpc'], code)).to.equal('loaded');
  });

  it('connecting to memory loads neither etcd3 nor grpc-js', async () => {
    expect(await runWithout(['etcd3', '@grpc'], connectToMemory)).to.equal('connected');
  });

  it('connecting loads the container', async () => {
    // Which also proves that the two tests above can fail.
    expect(await runWithout(['inversify'], connectToMemory)).to.include('loads inversify');
  });

  it('the wiring loads neither etcd3 nor grpc-js before it is asked for them', async () => {
    const code = `
      const { Container } = await import('inversify');
      const { rollcallModule, TOKENS } = await import('./src/inversify/index.ts');
      const container = new Container();
      container.load(rollcallModule('memory:'));
      await container.getAsync(TOKENS.Registry);
      console.log(await container.getAsync(TOKENS.Resolver).catch((error) => error.code + ' ' + error.message));
      await container.unbindAllAsync();`;
    expect(await runWithout(['etcd3', '@grpc'], code)).to.match(/^INTERNAL registering the gRPC resolver: loads @grpc\/grpc-js/);
  });
});
