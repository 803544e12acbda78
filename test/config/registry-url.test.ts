import { expect } from 'chai';

import { parseRegistryUrl, redactUrl } from '../../src/config/registry-url.js';
import type { RegistryUrl } from '../../src/core/adapter.js';
import { failure } from './expect-error.js';

const noHosts = { hosts: [], query: new Map() };

describe('a registry URL', () => {
  const accepted: Record<string, RegistryUrl> = {
    'memory:': { scheme: 'memory', path: '', ...noHosts },
    'memory:shared-name': { scheme: 'memory', path: 'shared-name', ...noHosts },
    'file:/var/lib/roll': { scheme: 'file', path: '/var/lib/roll', ...noHosts },
    'file:///var/lib/roll': { scheme: 'file', path: '/var/lib/roll', ...noHosts },
    'etcd://': { scheme: 'etcd', path: '', ...noHosts },
    'ETCD://h1': { scheme: 'etcd', path: '', hosts: ['h1'], query: new Map() },
    'etcd://h1:2379,h2:2379,h3:2379/prefix?ttl=5&layout=plain': {
      scheme: 'etcd',
      hosts: ['h1:2379', 'h2:2379', 'h3:2379'],
      path: '/prefix',
      query: new Map([
        ['ttl', '5'],
        ['layout', 'plain'],
      ]),
    },
    'etcds://user:p%40ss@h1:2379/prefix?ca=ca.pem': {
      scheme: 'etcds',
      username: 'user',
      password: 'p@ss',
      hosts: ['h1:2379'],
      path: '/prefix',
      query: new Map([['ca', 'ca.pem']]),
    },
    'etcd://user:a:b%2Fc@[::1]:2379,[fe80::1%25eth0]:2380': {
      scheme: 'etcd',
      username: 'user',
      password: 'a:b/c',
      hosts: ['[::1]:2379', '[fe80::1%eth0]:2380'],
      path: '',
      query: new Map(),
    },
    'etcd://user@h1': { scheme: 'etcd', username: 'user', hosts: ['h1'], path: '', query: new Map() },
    'etcd://h1?': { scheme: 'etcd', hosts: ['h1'], path: '', query: new Map() },
    'etcd://h1?ca=/a+b%20c/=d': { scheme: 'etcd', hosts: ['h1'], path: '', query: new Map([['ca', '/a+b c/=d']]) },
    // Whether a port makes sense is for the adapter to say.
    'etcd://h1:99999,h2:': { scheme: 'etcd', hosts: ['h1:99999', 'h2:'], path: '', query: new Map() },
  };
  for (const [text, url] of Object.entries(accepted)) {
    it(`reads ${text}`, () => expect(parseRegistryUrl(text)).to.deep.equal(url));
  }

  const refused: Record<string, RegExp> = {
    '': /does not start with a scheme/,
    '127.0.0.1:2379': /does not start with a scheme/,
    '//h1:2379': /does not start with a scheme/,
    'etcd://h1 ': /a space or a control character/,
    'etcd://h1\n': /a space or a control character/,
    'etcd://h1/\u0085': /a space or a control character/,
    'etcd://h1#top': /a fragment/,
    'etcd://h1,,h2': /an empty host/,
    'etcd://h1,': /an empty host/,
    'etcd://user@': /a user but no host/,
    'etcd://h1/a%zz': /a % in its path that does not stand for a character/,
    'etcd://h1/%ff': /a % in its path/,
    'etcd://u%:p@h1': /a % in its user/,
    'etcd://u:p%@h1': /a % in its password/,
    'etcd://h%1': /a % in its hosts/,
    'etcd://h1?ca=%e': /a % in its option "ca"/,
    'etcd://h1?%e=1': /a % in its query/,
    'etcd://h1?ttl=5&ttl=6': /option "ttl" twice/,
    'etcd://h1?ttl=5&t%74l=6': /option "ttl" twice/,
    'etcd://h1?ttl': /not key=value/,
    'etcd://h1?=5': /not key=value/,
    'etcd://h1?ttl=5&&layout=plain': /not key=value/,
    'etcd://h1/a@b': /write @ as %40/,
  };
  for (const [text, reason] of Object.entries(refused)) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const error = await failure(() => parseRegistryUrl(text), 'INVALID_CONFIG');
      expect(error.message).to.match(/^registry URL "/).and.match(reason);
      expect(error.cause).to.equal(undefined);
    });
  }

  const leaky = [
    'etcd://root:s3cret@',
    'etcd://root:s3cret@h1 ',
    'etcd://root:s3cret@h1#x',
    'etcd://root:s3cret#x@h1',
    'etcd://root:12/s3cret@h1',
    'etcd://root:12?s3cret@h1',
    'etcd://root:12?s3cret=@h1',
    'etcd://root:a@s3cret@h1',
    'etcd://root:a@s3cret/x@h1',
    'etcd://root:s3cret%@h1',
    'etcd://root:s3cret@h1,,h2',
    'etcd:root:s3cret@h1',
    'root:s3cret@h1:2379',
    '//root:s3cret@h1:2379',
    'etcd://root:s3cret',
    'etcd://h1,root:s3cret',
    'etcd://root:hunter2,s3cret',
    'etcd://root:hun/s3cret',
    'etcd://root%3As3cret%40h1:2379',
    'etcd://root:1s3cret:2379',
    'etcd://root:s3cret＠h1:2379',
    'etcd://root:s3cret/prefix#x',
    'etcd://h1?password=s3cret&x',
    'etcd://h1?password=s3cret&password=s3cret',
    'etcd://h1?password=s3cret%',
  ];
  for (const text of leaky) {
    it(`never shows the password of ${text}`, async () => {
      const error = await failure(() => parseRegistryUrl(text), 'INVALID_CONFIG');
      expect(JSON.stringify(error) + String(error.stack)).not.to.include('s3cret');
      expect(redactUrl(text)).not.to.include('s3cret');
    });
  }

  it('is shown with what is no secret', () => {
    expect(redactUrl('etcd://root:pw@h1:2379,h2:2379/prefix?ttl=5')).to.equal('etcd://***@h1:2379,h2:2379/prefix?…');
    expect(redactUrl('etcd://h1:2379,[::1]:2379/prefix')).to.equal('etcd://h1:2379,[::1]:2379/prefix');
    expect(redactUrl('memory:name')).to.equal('memory:name');
  });
});
