import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { findEtcd } from '../../scripts/etcd.mjs';
import { type Certificates, createCertificates } from './certificates.js';
import { enableUsers, type EtcdUser, users } from './etcd-users.js';
import { EtcdMember } from './etcd-member.js';
import { freePorts } from './free-ports.js';
import { poll } from './poll.js';

export interface StartEtcdOptions {
  /** Default 1. */
  readonly clusterSize?: number;
  /** `server`: clients check the server's certificate; `mutual`: they must show one themselves as well. */
  readonly tls?: 'server' | 'mutual';
  /** Asks for a user and password; the users are in `users`. */
  readonly auth?: boolean;
  /** Further command line arguments of etcd. */
  readonly args?: readonly string[];
  /**
   * Its data are kept in memory, where this machine has a place for that: for a test that writes so much that a busy disk,
   * for which etcd waits, would be one more fault.
   */
  readonly sparesDisk?: boolean;
}

/** Each of etcd's logs takes 64 MB from the start. */
const memoryNeeded = 512 * 1024 * 1024;

async function dataRoot(sparesDisk: boolean): Promise<string> {
  if (!sparesDisk) return tmpdir();
  const free = await statfs('/dev/shm').then(({ bavail, bsize }) => bavail * bsize, () => 0);
  return free >= memoryNeeded ? '/dev/shm' : tmpdir();
}

export interface UrlOptions {
  /** Default `/rollcall`. */
  readonly prefix?: string;
  /** Default: none, or `limited` where etcd asks for users. */
  readonly user?: EtcdUser | undefined;
  /** Further options, as in the query of a registry URL; may replace those for TLS. */
  readonly query?: Readonly<Record<string, string>>;
  /** Default: the members'; a proxy's address, say. */
  readonly endpoints?: readonly string[];
}

/** A real etcd of our own: one process, or a cluster. */
export class Etcd {
  readonly members: readonly EtcdMember[];
  readonly certificates: Certificates | undefined;
  readonly users: typeof users | undefined;
  readonly tls: 'server' | 'mutual' | undefined;
  readonly #directory: string;

  constructor(members: readonly EtcdMember[], directory: string, certificates: Certificates | undefined, options: StartEtcdOptions) {
    this.members = members;
    this.#directory = directory;
    this.certificates = certificates;
    this.users = options.auth === true ? users : undefined;
    this.tls = options.tls;
  }

  /** `host:port` of each member. */
  get endpoints(): readonly string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** A registry URL that reaches it, with whatever users and certificates it asks for. */
  url(options: UrlOptions = {}): string {
    const { certificates } = this;
    const user = options.user ?? this.users?.limited;
    const credentials = user === undefined ? '' : `${encodeURIComponent(user.username)}:${encodeURIComponent(user.password)}@`;
    const query = new URLSearchParams({
      ...(certificates === undefined ? {} : { ca: certificates.ca }),
      ...(certificates === undefined || this.tls !== 'mutual' ? {} : { cert: certificates.client.cert, key: certificates.client.key }),
      ...options.query,
    }).toString();
    const scheme = this.tls === undefined ? 'etcd' : 'etcds';
    const hosts = (options.endpoints ?? this.endpoints).join(',');
    return `${scheme}://${credentials}${hosts}${options.prefix ?? '/rollcall'}${query === '' ? '' : `?${query.replaceAll('+', '%20')}`}`;
  }

  /** SIGKILL to every member. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }

  /** Every member again on its ports and data (or without the data), ready when it resolves. */
  async restart(options: { readonly wipe?: boolean } = {}): Promise<void> {
    await Promise.all(this.members.map((member) => member.restart(options)));
    await this.ready();
  }

  async ready(): Promise<void> {
    await Promise.all(this.members.map((member) => member.ready()));
  }

  /** The member that leads, waiting for the election to be over; `among` must leave out those that are down or stopped. */
  leader(among: readonly EtcdMember[] = this.members): Promise<EtcdMember> {
    return poll('a leader', async () => {
      const leads = await Promise.all(among.map((member) => member.leads()));
      return among.find((_, index) => leads[index]);
    });
  }

  pause(): void {
    for (const member of this.members) member.pause();
  }

  resume(): void {
    for (const member of this.members) member.resume();
  }

  /** Ends it for good and removes what it wrote. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Starts an etcd and waits until it serves. Whoever starts it stops it. */
export async function startEtcd(options: StartEtcdOptions = {}): Promise<Etcd> {
  const found = await findEtcd();
  if (found === undefined) throw new Error('no etcd here: run `node scripts/etcd.mjs` first');
  const directory = await mkdtemp(path.join(await dataRoot(options.sparesDisk ?? false), 'rollcall-etcd-'));
  const certificates = options.tls === undefined ? undefined : await createCertificates(path.join(directory, 'certificates'));
  for (let attempt = 1; ; attempt++) {
    const members = await createMembers(found.etcd, directory, certificates, options);
    const etcd = new Etcd(members, directory, certificates, options);
    try {
      await Promise.all(members.map((member) => member.start()));
      await etcd.ready();
      if (options.auth === true) await enableUsers(etcd);
      return etcd;
    } catch (error) {
      await etcd.kill();
      await Promise.all(members.map((member) => member.removeData()));
      // Between our asking for free ports and etcd's binding them, somebody else may have taken one.
      if (attempt < 3 && String(error).includes('address already in use')) continue;
      await etcd.stop();
      throw error;
    }
  }
}

async function createMembers(
  binary: string,
  directory: string,
  certificates: Certificates | undefined,
  options: StartEtcdOptions,
): Promise<EtcdMember[]> {
  const size = options.clusterSize ?? 1;
  const ports = await freePorts(size * 3);
  const seats = Array.from({ length: size }, (_, index) => ({
    name: `member${index}`,
    clientPort: ports[index * 3]!,
    peerPort: ports[index * 3 + 1]!,
    healthPort: ports[index * 3 + 2]!,
  }));
  const cluster = seats.map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`).join(',');
  const scheme = certificates === undefined ? 'http' : 'https';
  return seats.map(
    (seat) =>
      new EtcdMember({
        binary,
        ...seat,
        dataDir: path.join(directory, seat.name),
        args: [
          `--listen-client-urls=${scheme}://127.0.0.1:${seat.clientPort}`,
          `--advertise-client-urls=${scheme}://127.0.0.1:${seat.clientPort}`,
          `--listen-peer-urls=http://127.0.0.1:${seat.peerPort}`,
          `--initial-advertise-peer-urls=http://127.0.0.1:${seat.peerPort}`,
          `--initial-cluster=${cluster}`,
          // Alone it elects itself at once, and grants leases of one second: the shortest lease is 1.5 elections long.
          ...(size === 1 ? ['--heartbeat-interval=10', '--election-timeout=100'] : []),
          ...(certificates === undefined ? [] : [`--cert-file=${certificates.server.cert}`, `--key-file=${certificates.server.key}`]),
          ...(certificates === undefined || options.tls !== 'mutual' ? [] : ['--client-cert-auth', `--trusted-ca-file=${certificates.ca}`]),
          ...(options.args ?? []),
        ],
      }),
  );
}
