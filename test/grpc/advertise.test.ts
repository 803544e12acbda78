import type { NetworkInterfaceInfo } from 'node:os';

import { expect } from 'chai';

import { RollcallError } from '../../src/core/errors.js';
import { chooseAdvertised } from '../../src/grpc/advertise.js';
import { parseBindAddress } from '../../src/grpc/bind-address.js';

function info(address: string, internal = false): NetworkInterfaceInfo {
  const shared = { address, internal, mac: '00:00:00:00:00:00', cidr: null, netmask: '' };
  return address.includes(':') ? { ...shared, family: 'IPv6', scopeid: 0 } : { ...shared, family: 'IPv4' };
}

const loopback = [info('127.0.0.1', true), info('::1', true)];
const linkLocal = [info('169.254.7.7'), info('fe80::1'), info('FEBF::1')];

function advertised(bind: string, interfaces: Record<string, NetworkInterfaceInfo[] | undefined> = {}, advertise?: string): string {
  return chooseAdvertised(parseBindAddress(bind), advertise, () => interfaces)(4711);
}

describe('the address that a server advertises', () => {
  describe('without advertise', () => {
    it('is the host it binds, with the bound port', () => {
      expect(advertised('localhost:0')).to.equal('localhost:4711');
      expect(advertised('[::1]:0')).to.equal('[::1]:4711');
      expect(advertised('10.0.0.1:4711')).to.equal('10.0.0.1:4711');
      expect(advertised('unix:/run/x.sock')).to.equal('unix:/run/x.sock');
    });

    for (const bind of ['0.0.0.0:0', '[::]:0']) {
      it(`is the machine's one IPv4 address when it binds ${bind}`, () => {
        const interfaces = { lo: loopback, eth0: [...linkLocal, info('10.0.0.5'), info('2001:db8::5')], gone: undefined };
        expect(advertised(bind, interfaces)).to.equal('10.0.0.5:4711');
      });

      it(`has to be given when it binds ${bind} and there are several`, () => {
        const interfaces = { lo: loopback, eth0: [info('10.0.0.5')], docker0: [info('172.17.0.1')] };
        expect(() => advertised(bind, interfaces))
          .to.throw(RollcallError, /several addresses: 10\.0\.0\.5 \(eth0\), 172\.17\.0\.1 \(docker0\)\. Say with "advertise"/)
          .with.property('code', 'NO_ADVERTISABLE_ADDRESS');
      });

      it(`has to be given when it binds ${bind} and there is none`, () => {
        expect(() => advertised(bind, { lo: loopback, eth0: linkLocal }))
          .to.throw(RollcallError, /no address of its own/)
          .with.property('code', 'NO_ADVERTISABLE_ADDRESS');
      });
    }

    it('is an IPv6 address where there is no other, provided the server listens on IPv6', () => {
      const interfaces = { eth0: [info('2001:db8::5')] };
      expect(advertised('[::]:0', interfaces)).to.equal('[2001:db8::5]:4711');
      expect(() => advertised('0.0.0.0:0', interfaces)).to.throw(RollcallError).with.property('code', 'NO_ADVERTISABLE_ADDRESS');
    });
  });

  describe('with advertise', () => {
    for (const [advertise, expected] of [
      ['api.example.com', 'api.example.com:4711'],
      ['10.0.0.9', '10.0.0.9:4711'],
      ['::1', '[::1]:4711'],
      ['[2001:db8::1]', '[2001:db8::1]:4711'],
      ['api.example.com:80', 'api.example.com:80'],
      ['[2001:db8::1]:80', '[2001:db8::1]:80'],
      ['unix:/run/y.sock', 'unix:/run/y.sock'],
    ] as const) {
      it(`${advertise} is ${expected}`, () => {
        expect(advertised('0.0.0.0:0', {}, advertise)).to.equal(expected);
      });
    }

    for (const advertise of ['0.0.0.0', '::', '[::]', '0.0.0.0:80', '[::]:80', '', 'a b', 'http://x', 'x:y', 'x:0', '[x]', '[::1', 'x:70000']) {
      it(`${JSON.stringify(advertise)} is refused by name`, () => {
        expect(() => advertised('localhost:0', {}, advertise))
          .to.throw(RollcallError, `advertise ${JSON.stringify(advertise)} `)
          .with.property('code', 'INVALID_ADDRESS');
      });
    }

    it('needs a port when the server binds a unix socket', () => {
      expect(() => advertised('unix:/run/x.sock', {}, 'example.com')).to.throw(RollcallError, /no port/).with.property('code', 'INVALID_ADDRESS');
    });
  });
});
