import { expect } from 'chai';

import { RollcallError } from '../../../src/core/errors.js';
import { createInstance, type ServiceInstance } from '../../../src/core/instance.js';
import { serviceConfigKey, withServiceConfig } from '../../../src/grpc/service-config/publish.js';
import { publishedServiceConfig } from '../../../src/grpc/service-config/published.js';

const timeout = (seconds: number): string => JSON.stringify({ methodConfig: [{ name: [{}], timeout: `${seconds}s` }] });

function instance(id: string, config?: string): ServiceInstance {
  return createInstance({ service: 'svc', id, address: '127.0.0.1:1', metadata: config === undefined ? {} : { [serviceConfigKey]: config } });
}

const revisions = (known: Readonly<Record<string, string>>) => (each: ServiceInstance) => known[each.id];
const unknown = (): undefined => undefined;

describe('a service config published with instances', () => {
  it('is nothing where no instance has one, and asks for no revision', () => {
    const instances = [instance('a'), instance('b')];
    const asked = (): never => expect.fail('asked');
    expect(publishedServiceConfig(instances, asked)).to.deep.equal({});
    expect(publishedServiceConfig([], asked)).to.equal(publishedServiceConfig(instances, asked));
  });

  it('is that of the record written last, compared as numbers of any size', () => {
    const instances = [instance('a', timeout(1)), instance('b', timeout(2)), instance('c', timeout(3)), instance('d')];
    const newest = (known: Record<string, string>): unknown => publishedServiceConfig(instances, revisions(known)).from;
    expect(newest({ a: '9', b: '10', c: '8', d: '11' })).to.equal('b');
    expect(newest({ a: '90071992547409931', b: '90071992547409930', c: '8' })).to.equal('a');
    expect(newest({ a: '1' }), 'one without is older').to.equal('a');
    expect(newest({ a: '7', b: '7', c: '7' }), 'the greatest id of equals').to.equal('c');
    expect(newest({})).to.equal('c');
  });

  it('is the same object for the same text, of whatever instance', () => {
    const first = publishedServiceConfig([instance('a', timeout(4))], unknown);
    expect(first.config?.methodConfig[0]?.timeout).to.deep.equal({ seconds: 4, nanos: 0 });
    expect(publishedServiceConfig([instance('b', timeout(4))], unknown).config).to.equal(first.config);
    for (let i = 0; i < 300; i++) {
      publishedServiceConfig([instance('c', timeout(100 + i))], unknown);
      expect(publishedServiceConfig([instance('b', timeout(4))], unknown).config, 'those in use are kept').to.equal(first.config);
    }
    for (let i = 0; i < 256; i++) publishedServiceConfig([instance('c', timeout(600 + i))], unknown);
    expect(publishedServiceConfig([instance('b', timeout(4))], unknown).config, 'and no more').to.not.equal(first.config);
  });

  it('is that of the record before where the newest is invalid, and says so', () => {
    const bad = timeout(0);
    const instances = [instance('a', timeout(1)), instance('b', bad), instance('c', '{'), instance('d', bad)];
    const { config, from, problem } = publishedServiceConfig(instances, revisions({ a: '1', b: '2', c: '3', d: '4' }));
    expect([config?.methodConfig[0]?.timeout?.seconds, from]).to.deep.equal([1, 'a']);
    expect(problem).to.equal(
      'the service config published by "d" is passed over: methodConfig[0].timeout "0s" is too short: at least "0.001s"; that of "a" is used instead',
    );
    const all = publishedServiceConfig(instances.slice(1), unknown);
    expect([all.config, all.from]).to.deep.equal([undefined, undefined]);
    expect(all.problem).to.match(/published by "d" is passed over: methodConfig/);
  });

  it('passes over the bad texts of thousands in one pass each', () => {
    let asked = 0;
    const instances = Array.from({ length: 5000 }, (_, index) => instance(`i${index}`, index === 0 ? timeout(1) : '{'));
    const count = (): undefined => {
      asked++;
    };
    expect(publishedServiceConfig(instances, count).from).to.equal('i0');
    expect(asked).to.be.below(2 * 5000);
  });

  it('may hold what is not known here, with a warning', () => {
    const { config, problem, warnings } = publishedServiceConfig([instance('a', '{"fancy":1}')], unknown);
    expect([config, problem]).to.deep.equal([{ methodConfig: [] }, undefined]);
    expect(warnings).to.have.length(1);
    expect(warnings?.[0]).to.match(/^the published service config: unknown field "fancy"/);
  });

  describe('withServiceConfig', () => {
    it('puts it into the metadata, from an object or JSON', () => {
      const config = { retryThrottling: { maxTokens: 1, tokenRatio: 1 } };
      const expected = { team: 'x', 'grpc.service_config': '{"retryThrottling":{"maxTokens":1,"tokenRatio":1}}' };
      expect(withServiceConfig({ team: 'x' }, config)).to.deep.equal(expected);
      expect(withServiceConfig({ team: 'x' }, JSON.stringify(config, undefined, 2))).to.deep.equal(expected);
      expect(withServiceConfig(undefined, {})).to.deep.equal({ 'grpc.service_config': '{}' });
    });

    it('refuses a bad one, a slip, and a second one', () => {
      const refused = (make: () => unknown, message: RegExp): unknown => expect(make).to.throw(RollcallError, message).with.property('code', 'INVALID_CONFIG');
      refused(() => withServiceConfig({}, '{'), /^the published service config: it is not JSON/);
      refused(() => withServiceConfig({}, '{"retryPolicy":{}}'), /unknown field "retryPolicy"/);
      refused(() => withServiceConfig(withServiceConfig({}, {}), {}), /has grpc\.service_config already/);
    });
  });
});
