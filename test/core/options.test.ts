import { expect } from 'chai';

import { RollcallError } from '../../src/core/errors.js';
import { custom, flag, nearest, number, oneOf, parseOptions, text } from '../../src/core/options.js';
import { expectThrow } from '../support/expect-rejection.js';

const specs = {
  name: text({ describe: 'a name', fallback: undefined }),
  secret: text({ describe: 'a secret', fallback: undefined, secret: true }),
  loud: flag({ describe: 'loudness', fallback: false }),
  ttl: number({ describe: 'seconds', fallback: 5, min: 1, max: 60, whole: true, unit: 'seconds' }),
  ratio: number({ describe: 'a ratio', fallback: 0.5, min: 0, max: 1 }),
  layout: oneOf(['rollcall', 'plain'], { describe: 'a layout', fallback: 'rollcall' }),
  strict: custom<string>({
    describe: 'says more itself',
    expects: 'x',
    fallback: 'x',
    parse: () => {
      throw new RollcallError('INVALID_CONFIG', 'because of the moon');
    },
  }),
};

const parse = (raw: Readonly<Record<string, unknown>>): unknown => parseOptions(specs, raw, 'adapter test');

describe('options', () => {
  it('are completed with what stands for those not given, also for one given as undefined', () => {
    const defaults = { name: undefined, secret: undefined, loud: false, ttl: 5, ratio: 0.5, layout: 'rollcall', strict: 'x' };
    expect(parse({})).to.deep.equal(defaults);
    expect(parse({ ttl: undefined, strict: undefined })).to.deep.equal(defaults);
    expect(Object.isFrozen(parse({}))).to.equal(true);
  });

  it('mean the same as values and as the text of a URL', () => {
    const typed = { name: 'n', loud: true, ttl: 7, ratio: 0.25, layout: 'plain' };
    const written = { name: 'n', loud: 'true', ttl: '7', ratio: '0.25', layout: 'plain' };
    expect(parse(typed)).to.deep.equal(parse(written)).and.deep.include(typed);
  });

  const bad: [Readonly<Record<string, unknown>>, RegExp][] = [
    [{ name: '' }, /option "name" of adapter test: "" is not a text that is not empty/],
    [{ name: 5 }, /5 is not a text/],
    [{ loud: 'yes' }, /"yes" is not true or false/],
    [{ loud: 1 }, /1 is not true or false/],
    [{ ttl: 0 }, /0 is not a whole number of seconds from 1 to 60/],
    [{ ttl: 61 }, /61 is not/],
    [{ ttl: 1.5 }, /1.5 is not/],
    [{ ttl: '5s' }, /"5s" is not/],
    [{ ttl: '' }, /"" is not/],
    [{ ttl: ' 5' }, /" 5" is not/],
    [{ ttl: '0x10' }, /"0x10" is not/],
    [{ ttl: NaN }, /NaN is not/],
    [{ ttl: null }, /null is not/],
    [{ ratio: '1.01' }, /"1.01" is not a number from 0 to 1/],
    [{ ratio: Infinity }, /Infinity is not/],
    [{ layout: 'json' }, /"json" is not one of rollcall, plain/],
    [{ layout: ['plain'] }, /an array is not/],
    [{ strict: 'y' }, /^because of the moon$/],
  ];
  for (const [raw, message] of bad) {
    it(`are refused: ${Object.entries(raw).map(([key, value]) => `${key}=${String(value)}`).join()}`, () => {
      expectThrow(() => parse(raw), 'INVALID_CONFIG', message);
    });
  }

  it('never show a secret value', () => {
    const { message } = expectThrow(() => parse({ secret: 12_345_678 }), 'INVALID_CONFIG', /option "secret" of adapter test: the given value is not/);
    expect(message).not.to.include('12345678');
  });

  it('that are unknown are named, with the known ones and a near one', () => {
    expectThrow(() => parse({ ttll: 5 }), 'UNKNOWN_OPTION', /unknown option "ttll" of adapter test; did you mean "ttl"\? Known options: name, secret, loud, ttl/);
    expectThrow(() => parse({ wholly: 5 }), 'UNKNOWN_OPTION', /unknown option "wholly" of adapter test\. Known/);
    expectThrow(() => parse(JSON.parse('{"__proto__":{"ttl":1}}') as Record<string, unknown>), 'UNKNOWN_OPTION', /"__proto__"/);
    expectThrow(() => parse({ toString: 'x' }), 'UNKNOWN_OPTION', /"toString"/);
  });
});

describe('the nearest word', () => {
  it('differs by at most two edits, in either case', () => {
    expect(nearest('Layuot', ['layout', 'ttl'])).to.equal('layout');
    expect(nearest('tt', ['layout', 'ttl'])).to.equal('ttl');
    expect(nearest('xyzabc', ['layout', 'ttl'])).to.equal(undefined);
    expect(nearest('x', [])).to.equal(undefined);
  });
});
