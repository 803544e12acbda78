import type { Etcd } from './etcd.js';
import { etcdctl, openRawEtcd } from './raw-etcd.js';

export interface EtcdUser {
  readonly username: string;
  readonly password: string;
}

/** With characters that a URL must escape, so that the escaping is tested wherever a URL with a user is. */
export const users = {
  root: { username: 'root', password: 'root:p@ss/word?' },
  /** May read and write below `/rollcall/` only. */
  limited: { username: 'roll', password: 'call #1 100%' },
} as const;

/** Makes the users above and has etcd ask for them from now on. */
export async function enableUsers(etcd: Etcd): Promise<void> {
  const raw = openRawEtcd(etcd, { user: undefined });
  try {
    const { auth } = raw.client;
    for (const { username, password } of Object.values(users)) await auth.userAdd({ name: username, password });
    await auth.roleAdd({ name: 'root' });
    await auth.userGrantRole({ user: users.root.username, role: 'root' });
    await auth.roleAdd({ name: 'below-rollcall' });
    await auth.roleGrantPermission({
      name: 'below-rollcall',
      perm: { permType: 'Readwrite', key: Buffer.from('/rollcall/'), range_end: Buffer.from('/rollcall0') },
    });
    await auth.userGrantRole({ user: users.limited.username, role: 'below-rollcall' });
    await auth.authEnable();
  } finally {
    raw.close();
  }
}

/** What a role allows: `['read', '/rollcall/orders/']` stands for every key below that prefix. */
export type Grant = readonly [right: 'read' | 'write' | 'readwrite', prefix: string];

/** Makes a user with a role of the same name, by the commands that an operator would type. */
export async function addUser(etcd: Etcd, name: string, grants: readonly Grant[]): Promise<EtcdUser> {
  const user = { username: name, password: `${name}'s own` };
  await etcdctl(etcd, ['role', 'add', name]);
  for (const [right, prefix] of grants) await etcdctl(etcd, ['role', 'grant-permission', name, '--prefix=true', right, prefix]);
  await etcdctl(etcd, ['user', 'add', `${name}:${user.password}`]);
  await etcdctl(etcd, ['user', 'grant-role', name, name]);
  return user;
}
