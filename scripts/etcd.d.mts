export interface EtcdBinaries {
  readonly etcd: string;
  /** Absent where only the server is installed. */
  readonly etcdctl: string | undefined;
  readonly version: string;
}

export function findEtcd(env?: NodeJS.ProcessEnv): Promise<EtcdBinaries | undefined>;
export function provideEtcd(env?: NodeJS.ProcessEnv): Promise<EtcdBinaries>;
