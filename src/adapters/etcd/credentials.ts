import { readFileSync } from 'node:fs';

import { RollcallError } from '../../core/errors.js';
import { quote } from '../../core/quote.js';
import type { EtcdOptions } from './options.js';

export interface TlsFiles {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/**
 * Reads the certificate files. Called for each new connection, so that rotated files are picked up on reconnect.
 * @throws RollcallError INVALID_CONFIG, naming the option and the file.
 */
export function readTlsFiles(options: Pick<EtcdOptions, 'ca' | 'cert' | 'key'>): TlsFiles {
  return { ca: readPem('ca', options.ca), cert: readPem('cert', options.cert), key: readPem('key', options.key) };
}

function readPem(option: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new RollcallError('INVALID_CONFIG', `option "${option}" of adapter etcd: file ${quote(path)} cannot be read: ${why}`, { cause });
  }
  if (!content.includes('-----BEGIN ')) {
    throw new RollcallError('INVALID_CONFIG', `option "${option}" of adapter etcd: file ${quote(path)} is not in PEM form`);
  }
  return content;
}
