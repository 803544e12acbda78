import assert from 'node:assert/strict';

import type { ErrorCode } from '../../core/errors.js';
import { type InstanceInit, maxRecordBytes } from '../../core/instance.js';
import type { ConformanceCase } from '../case.js';
import { address, ids } from '../trial.js';

const badServices: readonly unknown[] = ['', '/', 'a/b', '..', 'a..b', '.', 'a b', 'a\nb', 'a\0b', '%2e', 'x'.repeat(300), undefined, null, 7, {}];
const badAddresses: readonly unknown[] = [
  '', 'host', 'host:', ':80', 'host:0', 'host:65536', 'host:-1', 'host:http', 'http://host:80', 'grpc://host:80', '::1:80', '[::1]', '[zz]:80',
  '0.0.0.0:80', '[::]:80', '[0:0:0:0:0:0:0:0]:80', 'a b:80', 'host\n:80', 'unix:', undefined, null, 80,
];
const badWeights: readonly unknown[] = [-1, 65_536, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '100', {}];
const badMetadata: readonly unknown[] = [{ a: 1 }, { a: null }, { a: {} }, ['a'], 'a', 1, { '': 'x' }, JSON.parse('{"__proto__": "x"}'), { constructor: 'x' }];
const badIds: readonly unknown[] = ['', ' ', 'a\nb', 'a/../b', '..', 'x'.repeat(600), 7];
const badTtls: readonly unknown[] = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', 1e12];

/** What comes in through the ports is checked before anything happens. */
export const badInput: readonly ConformanceCase[] = [
  {
    title: 'bad input: an illegal service name is refused with INVALID_SERVICE by register, get and watch',
    async run(trial) {
      const { registry, discovery } = await trial.connect();
      for (const each of badServices) {
        const service = each as string;
        await trial.rejects(`register ${String(each)}`, 'INVALID_SERVICE', () => registry.register({ service, address: address(8000) }));
        await trial.rejects(`get ${String(each)}`, 'INVALID_SERVICE', () => discovery.get(service));
        await trial.rejects(`watch ${String(each)}`, 'INVALID_SERVICE', () => discovery.watch(service));
      }
      assert.deepEqual(await trial.within('services', discovery.services()), []);
    },
  },
  refused('an address that nobody can dial', 'INVALID_ADDRESS', 'address', badAddresses),
  refused('a weight out of range', 'INVALID_INSTANCE', 'weight', badWeights),
  refused('metadata that is not string to string, or has a key that is a trap', 'INVALID_INSTANCE', 'metadata', badMetadata),
  refused('an illegal id', 'INVALID_INSTANCE', 'id', badIds),
  refused('an unknown field', 'INVALID_INSTANCE', 'wieght' as keyof InstanceInit, [1]),
  {
    title: 'bad input: an illegal TTL is refused with INVALID_INSTANCE',
    async run(trial) {
      const { registry, discovery } = await trial.connect();
      const init = { service: trial.service, address: address(8000) };
      for (const ttl of badTtls) {
        await trial.rejects(`a ttl of ${String(ttl)}`, 'INVALID_INSTANCE', () => registry.register(init, { ttl: ttl as number }));
      }
      assert.deepEqual((await trial.within('get', discovery.get(trial.service))).instances, []);
    },
  },
  {
    title: 'bad input: an update is checked like a registration, and a refused one changes nothing',
    needs: ['fields'],
    async run(trial) {
      const backend = await trial.connect();
      const registration = await trial.register(backend, 8000);
      for (const weight of badWeights) {
        await trial.rejects(`weight ${String(weight)}`, 'INVALID_INSTANCE', () => registration.update({ weight: weight as number }));
      }
      for (const metadata of badMetadata) {
        await trial.rejects('metadata', 'INVALID_INSTANCE', () => registration.update({ metadata: metadata as Record<string, string> }));
      }
      await trial.rejects('an address', 'INVALID_INSTANCE', () => registration.update({ address: address(8001) } as object));
      await trial.rejects('much', 'RECORD_TOO_LARGE', () => registration.update({ metadata: { much: 'x'.repeat(maxRecordBytes) } }));
      assert.equal(registration.state, 'active');
      assert.deepEqual((await trial.get(backend)).instances, [registration.instance]);
      assert.deepEqual(registration.instance.metadata, {});
    },
  },
  {
    title: 'bad input: a record too large is refused with RECORD_TOO_LARGE, one just below the limit is not',
    needs: ['fields'],
    async run(trial) {
      const backend = await trial.connect();
      await trial.rejects('much', 'RECORD_TOO_LARGE', () =>
        backend.registry.register({ service: trial.service, address: address(8000), metadata: { much: 'x'.repeat(maxRecordBytes) } }),
      );
      const large = await trial.register(backend, 8000, { metadata: { much: 'x'.repeat(maxRecordBytes - 1000) } });
      assert.deepEqual((await trial.get(backend)).instances, [large.instance]);
    },
  },
  {
    title: 'bad input: registering an id twice is refused with ALREADY_REGISTERED, also at the same time; the first stays',
    async run(trial) {
      const backend = await trial.connect();
      const init = { service: trial.service, address: address(8000) };
      const first = trial.register(backend, 8000);
      await trial.rejects('the second, at once', 'ALREADY_REGISTERED', () => backend.registry.register(init));
      const registration = await first;
      await trial.rejects('the third, later', 'ALREADY_REGISTERED', () => backend.registry.register(init));
      assert.equal(registration.state, 'active');
      assert.deepEqual(ids(await trial.get(backend)), [address(8000)]);
    },
  },
];

function refused(what: string, code: ErrorCode, field: keyof InstanceInit, values: readonly unknown[]): ConformanceCase {
  return {
    title: `bad input: ${what} is refused with ${code}, and nothing is stored`,
    async run(trial) {
      const { registry, discovery } = await trial.connect();
      for (const value of values) {
        const init = { service: trial.service, address: address(8000), [field]: value };
        await trial.rejects(`${field} ${JSON.stringify(value)}`, code, () => registry.register(init));
      }
      assert.deepEqual((await trial.within('get', discovery.get(trial.service))).instances, []);
    },
  };
}
