import type { StoredRecord } from '../../src/adapters/etcd/layouts/layout.js';
import { layoutNames, type LayoutName } from '../../src/adapters/etcd/layouts/names.js';

/** One record of each layout, as its framework writes it. */
const goldens: Readonly<Record<LayoutName, readonly [suffix: string, value: string]>> = {
  rollcall: ['127.0.0.1:8888', '{"address":"127.0.0.1:8888","weight":100,"metadata":{}}'],
  plain: ['127.0.0.1:8888', '127.0.0.1:8888'],
  'etcd-naming': ['127.0.0.1:37677', '{"Op":0,"Addr":"127.0.0.1:37677","Metadata":null}'],
  kratos: ['6f9c', '{"id":"6f9c","name":"orders","version":"v1.0.0","metadata":{"weight":"10"},"endpoints":["grpc://127.0.0.1:9000"]}'],
  'go-zero': ['2324035542764078853', '10.0.0.1:8080'],
  kitex: ['127.0.0.1:8888', '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
  hertz: ['127.0.0.1:8888', '{"network":"tcp","address":"127.0.0.1:8888","weight":10,"tags":null}'],
  'go-micro': ['a', '{"name":"orders","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"127.0.0.1:1"}]}'],
  rpcx: ['tcp@127.0.0.1:8972', 'group=test&weight=7'],
  dubbo: [
    '127.0.0.1:20000',
    '{"ID":"127.0.0.1:20000","ServiceName":"orders","Host":"127.0.0.1","Port":20000,"Weight":0,"Enable":true,"Healthy":true,"Metadata":{},"ServiceMetadata":null,"Address":"","GroupName":"","Tag":""}\n',
  ],
};

/** The golden records of every layout but the given ones. */
export function recordsOfOthers(...own: readonly LayoutName[]): readonly (readonly [name: LayoutName, record: StoredRecord])[] {
  return layoutNames
    .filter((name) => !own.includes(name))
    .map((name) => {
      const [suffix, value] = goldens[name];
      return [name, { service: 'orders', suffix, value, lease: '2324035542764078853' }];
    });
}
