import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { findEtcd } from '../../scripts/etcd.mjs';
import type { Etcd } from './etcd.js';
import { etcdctl } from './raw-etcd.js';

const run = promisify(execFile);

export interface RestoreOptions {
  /** The members' ids, and so the cluster's, are made of this name. Default: the same as before, which gives the same ids. */
  readonly clusterToken?: string;
}

/** Takes a backup as an operator would, into the etcd's own directory, and gives the file. */
export async function saveSnapshot(etcd: Etcd): Promise<string> {
  const [member] = etcd.members;
  const file = path.join(path.dirname(member!.options.dataDir), 'backup.db');
  await etcdctl(etcd, ['snapshot', 'save', file], { endpoints: [member!.endpoint] });
  return file;
}

/** Kills every member and gives each the state of the backup as its new data. They are not started. */
export async function restoreSnapshot(etcd: Etcd, file: string, options: RestoreOptions = {}): Promise<void> {
  await etcd.kill();
  const binary = await restoringBinary();
  for (const member of etcd.members) {
    const { name, dataDir, args } = member.options;
    await member.removeData();
    await run(
      binary,
      [
        'snapshot',
        'restore',
        file,
        `--name=${name}`,
        `--data-dir=${dataDir}`,
        // Who is in the cluster, and where: as they were started.
        ...args.filter((argument) => argument.startsWith('--initial-')),
        ...(options.clusterToken === undefined ? [] : [`--initial-cluster-token=${options.clusterToken}`]),
      ],
      { timeout: 20_000, env: { PATH: process.env.PATH, ETCDCTL_API: '3' } },
    );
  }
}

/** etcdutl where there is one: etcd 3.6 took the command out of etcdctl, and 3.4 has no other place for it. */
async function restoringBinary(): Promise<string> {
  const etcdctlBinary = (await findEtcd())?.etcdctl;
  if (etcdctlBinary === undefined) throw new Error('no etcdctl here: set ETCDCTL_BIN');
  const etcdutl = path.join(path.dirname(etcdctlBinary), 'etcdutl');
  return access(etcdutl).then(
    () => etcdutl,
    () => etcdctlBinary,
  );
}
