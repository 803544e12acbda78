import { generate } from 'selfsigned';

export interface NamedCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface Authority {
  readonly ca: Buffer;
  /** A certificate for that host name, which both servers and clients may show. */
  issue(name: string): Promise<NamedCertificate>;
}

/** An authority that signs certificates for whatever name it is asked. */
export async function namedAuthority(): Promise<Authority> {
  const curve = { keyType: 'ec', algorithm: 'sha256' } as const;
  const authority = await generate([{ name: 'commonName', value: 'authority of names' }], {
    ...curve,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    ca: Buffer.from(authority.cert),
    async issue(name) {
      const made = await generate([{ name: 'commonName', value: name }], {
        ...curve,
        ca: { cert: authority.cert, key: authority.private },
        extensions: [
          { name: 'basicConstraints', cA: false, critical: true },
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
        ],
      });
      return { cert: Buffer.from(made.cert), key: Buffer.from(made.private) };
    },
  };
}
