import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { noop } from 'cockatiel';
import { Etcd3 } from 'etcd3';

import { findEtcd } from '../../scripts/etcd.mjs';
import type { Etcd } from './etcd.js';
import type { EtcdUser } from './etcd-users.js';

export interface RawRecord {
  readonly key: string;
  readonly value: Buffer;
  /** `'0'` for none. */
  readonly lease: string;
  readonly createRevision: string;
  readonly modRevision: string;
}

export interface RawOptions {
  /** Default: root, where the etcd asks for users. */
  readonly user?: EtcdUser | undefined;
  /** Default: every member's. */
  readonly endpoints?: readonly string[];
  /** How long one request may take, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/** What stands in etcd, byte for byte, seen past everything of ours. Whoever opens one closes it. */
export class RawEtcd {
  /** For what has no method here. */
  readonly client: Etcd3;

  constructor(client: Etcd3) {
    this.client = client;
  }

  async put(key: string, value: string | Buffer, lease = '0'): Promise<void> {
    await this.client.kv.put({ key: Buffer.from(key), value: Buffer.from(value as string), lease });
  }

  async get(key: string): Promise<RawRecord | undefined> {
    const { kvs } = await this.client.kv.range({ key: Buffer.from(key) });
    return kvs[0] === undefined ? undefined : toRecord(kvs[0]);
  }

  /** Everything whose key starts with the prefix, sorted by key. */
  async list(prefix: string): Promise<RawRecord[]> {
    const { kvs } = await this.client.kv.range({ key: Buffer.from(prefix), range_end: endOf(prefix) });
    return kvs.map(toRecord);
  }

  async delete(key: string): Promise<void> {
    await this.client.kv.deleteRange({ key: Buffer.from(key) });
  }

  async deletePrefix(prefix: string): Promise<void> {
    await this.client.kv.deleteRange({ key: Buffer.from(prefix), range_end: endOf(prefix) });
  }

  /** The store's revision now. */
  async revision(): Promise<string> {
    const { header } = await this.client.kv.range({ key: Buffer.from('\0'), count_only: true });
    return header.revision;
  }

  /** Forgets the history before the revision, by default all of it. */
  async compact(revision?: string): Promise<void> {
    await this.client.kv.compact({ revision: revision ?? (await this.revision()), physical: true });
  }

  async grant(ttlSeconds: number): Promise<string> {
    return (await this.client.leaseClient.leaseGrant({ TTL: ttlSeconds })).ID;
  }

  async leases(): Promise<string[]> {
    return (await this.client.leaseClient.leaseLeases()).leases.map(({ ID }) => ID);
  }

  /** Seconds left, `-1` once it is gone, and the keys under it. */
  async lease(id: string): Promise<{ readonly ttl: number; readonly granted: number; readonly keys: readonly string[] }> {
    const answer = await this.client.leaseClient.leaseTimeToLive({ ID: id, keys: true });
    return { ttl: Number(answer.TTL), granted: Number(answer.grantedTTL), keys: answer.keys.map(String) };
  }

  async revoke(id: string): Promise<void> {
    await this.client.leaseClient.leaseRevoke({ ID: id });
  }

  close(): void {
    this.client.close();
  }
}

export function openRawEtcd(etcd: Etcd, options: RawOptions = {}): RawEtcd {
  const { certificates } = etcd;
  const user = 'user' in options ? options.user : etcd.users?.root;
  const client = new Etcd3({
    hosts: (options.endpoints ?? etcd.endpoints).map((endpoint) => `${certificates === undefined ? 'http' : 'https'}://${endpoint}`),
    ...(certificates === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: readFileSync(certificates.ca),
            certChain: readFileSync(certificates.client.cert),
            privateKey: readFileSync(certificates.client.key),
          },
        }),
    ...(user === undefined ? {} : { auth: user }),
    // Without its circuit breaker, which would answer for an etcd that is back already.
    faultHandling: { host: () => noop, global: noop },
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + (options.timeoutMs ?? 5000) }),
  });
  return new RawEtcd(client);
}

const run = promisify(execFile);

/** Runs etcdctl against it and gives its standard output, byte for byte. `undefined` where there is no etcdctl. */
export async function etcdctl(etcd: Etcd, args: readonly string[], options: RawOptions = {}): Promise<Buffer> {
  const binary = (await findEtcd())?.etcdctl;
  if (binary === undefined) throw new Error('no etcdctl here: set ETCDCTL_BIN');
  const { certificates } = etcd;
  const user = 'user' in options ? options.user : etcd.users?.root;
  const connection = [
    `--endpoints=${(options.endpoints ?? etcd.endpoints).map((endpoint) => `${certificates === undefined ? 'http' : 'https'}://${endpoint}`).join(',')}`,
    ...(certificates === undefined ? [] : [`--cacert=${certificates.ca}`, `--cert=${certificates.client.cert}`, `--key=${certificates.client.key}`]),
    ...(user === undefined ? [] : [`--user=${user.username}`, `--password=${user.password}`]),
  ];
  const { stdout } = await run(binary, [...connection, ...args], {
    encoding: 'buffer',
    timeout: 20_000,
    env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
  });
  return stdout;
}

interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly lease: string;
  readonly create_revision: string;
  readonly mod_revision: string;
}

function toRecord(kv: KeyValue): RawRecord {
  return { key: kv.key.toString(), value: kv.value, lease: kv.lease, createRevision: kv.create_revision, modRevision: kv.mod_revision };
}

/** The end of the range of all keys with a prefix: the prefix with its last byte one up. Ours end in ASCII. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]! += 1;
  return end;
}
