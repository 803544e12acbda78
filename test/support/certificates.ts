import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { generate } from 'selfsigned';

interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** Paths of PEM files, made afresh for each test run. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  /** An authority that signed none of the above, and a client of it. */
  readonly stranger: { readonly ca: string; readonly cert: string; readonly key: string };
}

const curve = { keyType: 'ec', algorithm: 'sha256' } as const;

async function authority(name: string): Promise<Pem> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...curve,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function signed(ca: Pem, name: string, lifetimeMs?: number): Promise<Pem> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...curve,
    ca,
    ...(lifetimeMs === undefined ? {} : { notAfterDate: new Date(Date.now() + lifetimeMs) }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // etcd dials itself with its server certificate, for its JSON gateway, so that one must do as a client's too.
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Writes an authority with a server's and a client's certificate for 127.0.0.1 and localhost into the directory. */
export async function createCertificates(directory: string): Promise<Certificates> {
  await mkdir(directory, { recursive: true });
  const write = (name: string, pem: Pem): Promise<Pem> => writeCertificate(path.join(directory, name), pem);
  const [ca, strangerCa] = await Promise.all([authority('rollcall test authority'), authority('unrelated authority')]);
  const [server, client, stranger] = await Promise.all([signed(ca, 'etcd'), signed(ca, 'client'), signed(strangerCa, 'stranger')]);
  return {
    ca: (await write('ca', ca)).cert,
    server: await write('server', server),
    client: await write('client', client),
    stranger: { ca: (await write('stranger-ca', strangerCa)).cert, ...(await write('stranger', stranger)) },
  };
}

/** Writes a certificate and its key beside each other and gives the paths. */
export async function writeCertificate(pathWithoutSuffix: string, pem: Pem): Promise<Pem> {
  const paths = { cert: `${pathWithoutSuffix}.pem`, key: `${pathWithoutSuffix}.key` };
  await Promise.all([writeFile(paths.cert, pem.cert), writeFile(paths.key, pem.key, { mode: 0o600 })]);
  return paths;
}

/** A new client certificate of the same authority, not written anywhere yet. */
export async function issueClient(certificates: Certificates, lifetimeMs?: number): Promise<Pem> {
  const [cert, key] = await Promise.all([certificates.ca, certificates.ca.replace(/\.pem$/, '.key')].map((file) => readFile(file, 'utf8')));
  return signed({ cert: cert!, key: key! }, 'client', lifetimeMs);
}

/** Writes another authority, and certificates of it, over the files: from then on nothing that was signed before counts. */
export async function rotateCertificates(certificates: Certificates): Promise<void> {
  await createCertificates(path.dirname(certificates.ca));
}
