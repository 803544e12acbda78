import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import { Container, inject, injectable } from 'inversify';
import { rollcallModule, TOKENS } from 'rollcall/inversify';
import sinon from 'sinon';

import type { Discovery, Registry } from '../../src/index.js';

@injectable()
class Dashboard {
  constructor(@inject(TOKENS.Discovery) private readonly discovery: Discovery) {}

  async count(service: string): Promise<number> {
    return (await this.discovery.get(service)).instances.length;
  }
}

describe('docs/inversify.md', () => {
  const page = readFileSync(new URL('../../docs/inversify.md', import.meta.url), 'utf8');

  it('injects a port into a class', async () => {
    const container = new Container();
    container.load(rollcallModule('memory:dashboard'));
    container.bind(Dashboard).toSelf().inSingletonScope();

    const registry = await container.getAsync(TOKENS.Registry);
    await registry.register({ service: 'simple_grpc', address: 'localhost:8000' });
    const dashboard = await container.getAsync(Dashboard);
    console.assert((await dashboard.count('simple_grpc')) === 1);

    await container.unbindAllAsync();
    expect(await dashboard.count('simple_grpc').catch((error: unknown) => (error as { code: string }).code)).to.equal('CLOSED');
  });

  it('puts a double in the place of a port', async () => {
    const register = sinon.stub();
    const double = { register } as unknown as Registry;

    const container = new Container();
    container.load(rollcallModule('memory:'));
    (await container.rebindAsync(TOKENS.Registry)).toConstantValue(double);

    expect(await container.getAsync(TOKENS.Registry)).to.equal(double);
    await container.unbindAllAsync();
  });

  it('has a row for each token', () => {
    const rows = [...page.matchAll(/^\| `TOKENS\.(\w+)` \|/gm)].map(([, token]) => token);
    expect(rows).to.deep.equal(Object.keys(TOKENS));
  });

  it('shows code that runs in this file', () => {
    const source = readFileSync(new URL('./documented.test.ts', import.meta.url), 'utf8');
    const flat = (code: string): string => code.replace(/^ +/gm, '').trim();
    const blocks = [...page.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code ?? '');
    expect(blocks).to.have.length(3);
    for (const block of blocks) expect(flat(source)).to.include(flat(block));
  });
});
