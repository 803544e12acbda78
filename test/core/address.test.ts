import { expect } from 'chai';

import { formatAddress, isUnspecifiedHost, parseAddress, parseDialableAddress } from '../../src/core/address.js';
import { expectThrow } from '../support/expect-rejection.js';

describe('an address', () => {
  const good: [string, object][] = [
    ['localhost:8000', { kind: 'tcp', host: 'localhost', port: 8000 }],
    ['10.0.0.1:1', { kind: 'tcp', host: '10.0.0.1', port: 1 }],
    ['10.0.0.1:65535', { kind: 'tcp', host: '10.0.0.1', port: 65535 }],
    ['[::1]:8000', { kind: 'tcp', host: '::1', port: 8000 }],
    ['[fe80::1%eth0]:8000', { kind: 'tcp', host: 'fe80::1%eth0', port: 8000 }],
    ['pod-0.svc.cluster.local:80', { kind: 'tcp', host: 'pod-0.svc.cluster.local', port: 80 }],
    ['host.example.:80', { kind: 'tcp', host: 'host.example.', port: 80 }],
    ['my_service:80', { kind: 'tcp', host: 'my_service', port: 80 }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['unix:relative.sock', { kind: 'unix', path: 'relative.sock' }],
  ];
  for (const [text, parsed] of good) {
    it(`may be ${text}`, () => {
      expect(parseDialableAddress(text)).to.deep.equal(parsed);
    });
  }

  const bad: [unknown, RegExp][] = [
    [undefined, /undefined is not a string/],
    [8000, /8000 is not a string/],
    ['', /"" is empty/],
    ['localhost', /has no port/],
    ['localhost:', /has no port/],
    [':8000', /has no host/],
    ['[]:8000', /has no host/],
    ['[::1]', /has no port/],
    ['[::1]8000', /port that is not a number/],
    ['::1:8000', /without brackets/],
    ['[10.0.0.1]:80', /brackets around/],
    ['localhost:0', /out of range/],
    ['localhost:65536', /out of range/],
    ['localhost:99999', /out of range/],
    ['localhost:100000', /not a number from 1 to 65535/],
    ['localhost:-1', /not a number/],
    ['localhost:8o', /not a number/],
    ['localhost:+80', /not a number/],
    ['localhost:80/path', /not a number/],
    ['http://localhost:80', /is a URL/],
    ['etcd:///simple_grpc', /is a URL/],
    ['user@host:80', /neither a name nor an IP/],
    ['local host:80', /a space or a control/],
    ['localhost:80\n', /a space or a control/],
    ['localhost\0:80', /a space or a control/],
    ['999.1.1.1:80', /neither a name nor an IP/],
    ['10.1:80', /neither a name nor an IP/],
    ['0:80', /neither a name nor an IP/],
    // inet_aton reads these as 0.0.0.0, 0.0.0.0 and 127.0.0.1.
    ['0x0:80', /neither a name nor an IP/],
    ['0X0.0x0:80', /neither a name nor an IP/],
    ['0x7f000001:80', /neither a name nor an IP/],
    ['host.0x1:80', /neither a name nor an IP/],
    ['-a.example:80', /neither a name nor an IP/],
    ['a..b:80', /neither a name nor an IP/],
    [`${'a'.repeat(64)}.example:80`, /neither a name nor an IP/],
    [`${'a.'.repeat(140)}a:80`, /neither a name nor an IP/],
    ['x'.repeat(301), /longer than 300/],
    ['unix:', /no path/],
    ['unix://run/x.sock', /has an authority/],
    ['ünïcode:80', /neither a name nor an IP/],
  ];
  for (const [value, message] of bad) {
    it(`is refused: ${String(value).slice(0, 40)}`, () => {
      expectThrow(() => parseAddress(value), 'INVALID_ADDRESS', message);
    });
  }

  for (const unspecified of ['0.0.0.0:80', '[::]:80', '[0:0:0:0:0:0:0:0]:80', '[::0.0.0.0]:80', '[::ffff:0.0.0.0]:80', '[::%eth0]:80']) {
    it(`${unspecified} is one that a server may bind and no client can dial`, () => {
      expect(parseAddress(unspecified).kind).to.equal('tcp');
      expectThrow(() => parseDialableAddress(unspecified), 'INVALID_ADDRESS', /unspecified host/);
    });
  }

  it('is not unspecified for holding zeros', () => {
    for (const host of ['10.0.0.0', '::1', '::ffff:10.0.0.1', 'localhost', '0.0.0.0.example']) expect(isUnspecifiedHost(host), host).to.equal(false);
  });

  it('is put together with brackets where IPv6 needs them', () => {
    expect(formatAddress('::1', 80)).to.equal('[::1]:80');
    expect(formatAddress('10.0.0.1', 80)).to.equal('10.0.0.1:80');
    expect(formatAddress('host', 80)).to.equal('host:80');
  });
});
