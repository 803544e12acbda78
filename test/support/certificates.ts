import { mkdir, writeFile } from 'node:fs/promises';
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

async function signed(ca: Pem, name: string): Promise<Pem> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...curve,
    ca,
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
  const write = async (name: string, pem: Pem): Promise<{ cert: string; key: string }> => {
    const [cert, key] = [path.join(directory, `${name}.pem`), path.join(directory, `${name}.key`)];
    await Promise.all([writeFile(cert, pem.cert), writeFile(key, pem.key, { mode: 0o600 })]);
    return { cert, key };
  };
  const [ca, strangerCa] = await Promise.all([authority('rollcall test authority'), authority('unrelated authority')]);
  const [server, client, stranger] = await Promise.all([signed(ca, 'etcd'), signed(ca, 'client'), signed(strangerCa, 'stranger')]);
  return {
    ca: (await write('ca', ca)).cert,
    server: await write('server', server),
    client: await write('client', client),
    stranger: { ca: (await write('stranger-ca', strangerCa)).cert, ...(await write('stranger', stranger)) },
  };
}
