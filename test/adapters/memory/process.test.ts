import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect } from 'chai';

const root = new URL('../../../', import.meta.url);
const packages = ['etcd3', '@grpc/', 'inversify', '@inversifyjs/', 'reflect-metadata'];

/** Runs a program to its end, with every package that it loads named in its output. */
async function run(code: string): Promise<string> {
  const hooks = `export function resolve(specifier, context, next) {
    if (${JSON.stringify(packages)}.some((name) => specifier.startsWith(name))) console.log('loads ' + specifier);
    return next(specifier, context);
  }`;
  const register = `import { register } from 'node:module'; register('${dataUrl(hooks)}');`;
  const args = ['--import', 'tsx', '--import', dataUrl(register), '--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 8000 });
  return stdout.trim();
}

function dataUrl(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}

const use = `
  import { connectMemory } from './src/adapters/memory/index.ts';
  const memory = connectMemory({ ttl: 3600 });
  await memory.registry.register({ service: 'simple_grpc', address: '10.0.0.1:8000' });
  memory.discovery.watch('simple_grpc').subscribe(() => undefined);
`;

describe('a program that uses rollcall/memory', () => {
  it('loads no package that it does not need, and ends by itself once it closed', async () => {
    expect(await run(`${use} await memory.close(); console.log('closed');`)).to.equal('closed');
  });

  it('ends by itself when it closed while the server was out of reach', async () => {
    expect(await run(`${use} memory.interrupt(); await memory.close(); console.log('closed');`)).to.equal('closed');
  });

  it('stays alive while a server of it is registered', async () => {
    const code = `${use} setTimeout(() => { console.log('still here'); void memory.close(); }, 10).unref();`;
    expect(await run(code)).to.equal('still here');
  });

  it('would be caught loading one', async () => {
    expect(await run(`import 'inversify';`)).to.include('loads inversify');
  });
});
