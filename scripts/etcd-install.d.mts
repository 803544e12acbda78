export interface Release {
  readonly version: string;
  /** SHA-256 of the release's archive by platform, `linux-amd64`. */
  readonly sums: Readonly<Record<string, string>>;
}

export const release: Release;
export function installDebianPackage(directory: string): Promise<void>;
export function installRelease(directory: string, env?: NodeJS.ProcessEnv, wanted?: Release): Promise<void>;
