import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import sinon from 'sinon';

import { run } from '../../src/cli/program.js';
import { loadConfig } from '../../src/config/load-config.js';
import { FakeContext } from './fake-context.js';

const register = ['register', 'simple_grpc', '10.0.0.1:8000'];

describe('rollcall with wrong arguments', () => {
  const wrong: [string, readonly string[], RegExp][] = [
    ['an unknown command', ['lsit'], /unknown command 'lsit' \(Did you mean list\?\)/],
    ['an unknown option', ['list', '--jsno'], /unknown option '--jsno' \(Did you mean --json\?\)/],
    ['an option without its value', ['list', '--registry'], /argument missing/],
    ['too many arguments', ['list', 'a', 'b'], /too many arguments/],
    ['no service to watch', ['watch'], /missing required argument 'service'/],
    ['no address', ['register', 'simple_grpc'], /missing required argument 'address'/],
    ['a command without --', [...register, 'node'], /too many arguments/],
    ['no command after --', [...register, '--'], /no command after --/],
    ['a weight that is no number', [...register, '--weight', 'heavy'], /'heavy' is invalid\. It is not a whole number/],
    ['a negative weight', [...register, '--weight=-1'], /not a whole number/],
    ['a weight out of range', [...register, '--weight', '65536'], /weight 65536 is not an integer from 0 to 65535/],
    ['a ttl that is no number', [...register, '--ttl', '1.5'], /not a whole number/],
    ['a ttl out of range', [...register, '--ttl', '0'], /ttl 0 is not a whole number of seconds from 1/],
    ['metadata without =', [...register, '--meta', 'lane'], /not key=value/],
    ['metadata without a key', [...register, '--meta', '=x'], /not key=value/],
    ['the same metadata twice', [...register, '--meta', 'a=1', 'a=2'], /key "a" is given twice/],
    ['metadata called __proto__', [...register, '--meta', '__proto__=x'], /metadata key "__proto__" is not allowed/],
    ['an empty id', [...register, '--id', ''], /id "" is empty/],
    ['an address without a port', ['register', 'simple_grpc', '10.0.0.1'], /has no port/],
    ['an unspecified host', ['register', 'simple_grpc', '0.0.0.0:80'], /unspecified host/],
    ['a URL for an address', ['register', 'simple_grpc', 'http://h:80'], /is a URL/],
    ['an illegal service to register', ['register', 'a/b', 'h:80'], /service name "a\/b"/],
    ['an illegal service to list', ['list', '..'], /service name "\.\."/],
    ['an illegal service to watch', ['watch', 'a\u001b'], /service name "a\\u001b"/],
  ];
  for (const [what, argv, message] of wrong) {
    it(`answers ${what} with status 2 and one line, and connects to nothing`, async () => {
      const context = new FakeContext();
      expect(await run(argv, context)).to.equal(2);
      expect(context.stderr.text).to.match(message).and.match(/^rollcall: [^\n]+\n$/);
      expect(context.stdout.text).to.equal('');
      sinon.assert.notCalled(context.connect);
    });
  }

  const wrongRegistries: [string, RegExp][] = [
    ['etdc://h1', /no adapter for the URL scheme "etdc"; did you mean "etcd"/],
    ['memory:?ttll=5', /unknown option "ttll" of adapter memory; did you mean "ttl"/],
    ['memory:?ttl=soon', /option "ttl" of adapter memory/],
    ['not a url', /registry URL/],
    ['', /registry URL/],
  ];
  for (const [url, message] of wrongRegistries) {
    for (const command of [['list'], ['watch', 'simple_grpc'], register]) {
      it(`answers ${command[0]} --registry ${JSON.stringify(url)} with status 2`, async () => {
        const context = new FakeContext();
        context.connect.callsFake(async (source) => Promise.reject(await loadConfig(source).then(() => new Error('accepted'), (error: unknown) => error as Error)));
        expect(await run([...command, '--registry', url], context)).to.equal(2);
        expect(context.stderr.text).to.match(message).and.match(/^rollcall: [^\n]+\n$/);
      });
    }
  }

  it('shows its help and status 2 when there is no command at all', async () => {
    const context = new FakeContext();
    expect(await run([], context)).to.equal(2);
    expect(context.stderr.text).to.match(/^Usage: rollcall/);
  });
});

describe('rollcall --help and --version', () => {
  for (const argv of [['--help'], ['help'], ['register', '--help'], ['list', '-h'], ['watch', '--help'], ['help', 'watch']]) {
    it(`answers ${argv.join(' ')} with usage and examples on standard output`, async () => {
      const context = new FakeContext();
      expect(await run(argv, context)).to.equal(0);
      expect(context.stdout.text).to.match(/^Usage: rollcall/).and.match(/\nExamples:\n {2}\$ rollcall /);
      expect(context.stderr.text).to.equal('');
    });
  }

  it('tells its own version, and leaves register --version to the instance', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    const context = new FakeContext();
    expect(await run(['--version'], context)).to.equal(0);
    expect(context.stdout.text).to.equal(`${version}\n`);
    expect(await run(['register', 'simple_grpc', 'nowhere', '--version', '2'], context)).to.equal(2);
    expect(context.stdout.text).to.equal(`${version}\n`);
  });
});
