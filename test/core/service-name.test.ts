import { expect } from 'chai';

import { parseServiceName } from '../../src/core/service-name.js';
import { expectThrow } from '../support/expect-rejection.js';

describe('a service name', () => {
  for (const name of ['simple_grpc', 'a', '_x', '9lives', 'my.package.v1.Service', 'a-b', 'svc@eu', 'svc:v2', 'a~b', 'a+b', 'x'.repeat(253)]) {
    it(`may be ${name.slice(0, 30)}`, () => {
      expect(parseServiceName(name)).to.equal(name);
    });
  }

  const bad: [string, unknown, RegExp][] = [
    ['nothing', undefined, /undefined is not a string/],
    ['a number', 7, /7 is not a string/],
    ['empty', '', /"" is empty/],
    ['a slash', 'a/b', /may hold/],
    ['a leading slash', '/a', /may hold/],
    ['one dot', '.', /may hold/],
    ['two dots', '..', /holds ".."/],
    ['two dots inside', 'a..b', /holds ".."/],
    ['a leading dash', '-a', /starts with/],
    ['a space', 'a b', /may hold/],
    ['a trailing newline', 'a\n', /"a\\n" may hold/],
    ['NUL', 'a\0b', /"a\\u0000b"/],
    ['an escape sequence', '\u001b[31m', /"\\u001b\[31m"/],
    ['a C1 control', 'a\u009bb', /"a\\u009bb"/],
    ['a letter outside ASCII', 'dienst-ü', /may hold/],
    ['half a surrogate pair', 'a\ud800', /may hold/],
    ['a percent sign', 'a%2fb', /may hold/],
    ['a backslash', 'a\\b', /may hold/],
    ['too long', 'x'.repeat(254), /longer than 253/],
  ];
  for (const [what, value, message] of bad) {
    it(`is refused: ${what}`, () => {
      expectThrow(() => parseServiceName(value), 'INVALID_SERVICE', message);
    });
  }

  it('is cut in the message where it is long', () => {
    const { message } = expectThrow(() => parseServiceName('x'.repeat(100_000)), 'INVALID_SERVICE');
    expect(message).to.have.length.below(200);
  });
});
