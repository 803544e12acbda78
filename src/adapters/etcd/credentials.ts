import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
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
 * @throws RollcallError INVALID_CONFIG, naming the option and the file: one that is half written, say, or a key that
 *   belongs to another certificate.
 */
export function readTlsFiles(options: Pick<EtcdOptions, 'ca' | 'cert' | 'key'>): TlsFiles {
  const files = { ca: readPem('ca', options.ca), cert: readPem('cert', options.cert), key: readPem('key', options.key) };
  if (files.ca !== undefined) parseCertificates('ca', options.ca, files.ca);
  if (files.cert === undefined || files.key === undefined) return files;
  const [certificate] = parseCertificates('cert', options.cert, files.cert);
  if (certificate?.checkPrivateKey(parseKey(options.key, files.key)) === false) {
    throw new RollcallError('INVALID_CONFIG', `options "cert" and "key" of adapter etcd: ${quote(options.key)} is not the key of the certificate in ${quote(options.cert)}`);
  }
  return files;
}

/** What was parsed last from each file: a system's bundle takes tens of milliseconds, and every connection asks. */
const parsed = new Map<string, { readonly content: Buffer; readonly certificates: readonly X509Certificate[] }>();

function parseCertificates(option: string, path: string | undefined, content: Buffer): readonly X509Certificate[] {
  const known = parsed.get(path ?? '');
  if (known?.content.equals(content) === true) return known.certificates;
  const text = content.toString('latin1');
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----[^-]*-----END [A-Z0-9 ]*CERTIFICATE-----/g) ?? [];
  // A block that was begun and not ended is a file that somebody is writing just now.
  const begun = text.match(/^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/gm)?.length ?? 0;
  try {
    if (blocks.length === 0 || blocks.length < begun) throw new Error('a certificate in it is incomplete');
    const certificates = blocks.map((block) => new X509Certificate(block));
    parsed.set(path ?? '', { content, certificates });
    return certificates;
  } catch (cause) {
    throw new RollcallError('INVALID_CONFIG', `option "${option}" of adapter etcd: file ${quote(path)} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function parseKey(path: string | undefined, content: Buffer): KeyObject {
  try {
    // Its block alone: certificates and comments may stand in the same file.
    const [block] = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^-]*-----END [A-Z0-9 ]*PRIVATE KEY-----/m.exec(content.toString('latin1')) ?? [];
    if (block === undefined) throw new Error('there is no complete block of a private key');
    return createPrivateKey(block);
  } catch (cause) {
    // Without the cause's own words in the message: what is said of a key says nothing that helps.
    throw new RollcallError('INVALID_CONFIG', `option "key" of adapter etcd: file ${quote(path)} cannot be read: it holds no private key that is complete and without a passphrase`, { cause });
  }
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
