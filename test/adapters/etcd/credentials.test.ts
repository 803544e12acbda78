import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { readTlsFiles } from '../../../src/adapters/etcd/credentials.js';
import { type Certificates, createCertificates } from '../../support/certificates.js';
import { expectThrow } from '../../support/expect-rejection.js';

describe('the certificate files', () => {
  let directory: string;
  let made: Certificates;
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(path.join(directory, name), content);
    return path.join(directory, name);
  };

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'rollcall-files-'));
    made = await createCertificates(directory);
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it('are taken as they are written by tools: with comments, both in one file, several authorities, other blocks beside them', async () => {
    const [ca, cert, key] = await Promise.all([made.ca, made.client.cert, made.client.key].map((each) => readFile(each, 'utf8')));
    const both = await file('both.pem', `Bag Attributes: -----BEGIN nothing\n${cert!}\n${key!}`);
    const bundle = await file('bundle.pem', `# one\n${ca!.replaceAll('\n', '\r\n')}\n# two\n${await readFile(made.stranger.ca, 'utf8')}\n-----BEGIN DH PARAMETERS-----\nMAA=\n-----END DH PARAMETERS-----\n`);
    const files = readTlsFiles({ ca: bundle, cert: both, key: both });
    expect(files.cert?.equals(await readFile(both))).to.equal(true);
  });

  it('that are half written are refused by name', async () => {
    for (const option of ['ca', 'cert', 'key'] as const) {
      const whole = await readFile({ ca: made.ca, cert: made.client.cert, key: made.client.key }[option], 'utf8');
      const half = await file(`half-${option}.pem`, whole.slice(0, whole.length / 2));
      const error = expectThrow(() => readTlsFiles({ ca: made.ca, cert: made.client.cert, key: made.client.key, [option]: half }), 'INVALID_CONFIG');
      expect(error.message).to.include(`option "${option}"`).and.to.include(`half-${option}.pem`);
    }
  });

  it('that do not belong together are refused, naming both', () => {
    const error = expectThrow(() => readTlsFiles({ ca: made.ca, cert: made.client.cert, key: made.stranger.key }), 'INVALID_CONFIG');
    expect(error.message).to.include(made.client.cert).and.to.include(made.stranger.key);
  });

  it('are read anew each time', async () => {
    const changing = await file('changing.pem', await readFile(made.ca, 'utf8'));
    readTlsFiles({ ca: changing, cert: undefined, key: undefined });
    const other = await readFile(made.stranger.ca);
    await writeFile(changing, other);
    expect(readTlsFiles({ ca: changing, cert: undefined, key: undefined }).ca?.equals(other)).to.equal(true);
  });
});
