import type { Etcd } from './etcd.js';
import { openRawEtcd } from './raw-etcd.js';

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
