import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { etcdOptions } from '../../src/adapters/etcd/options.js';
import { memoryOptions } from '../../src/adapters/memory/options.js';
import { Catalogue } from '../../src/config/catalogue.js';
import { type ConfigSource, loadConfig } from '../../src/config/load-config.js';
import { shippedAdapters } from '../../src/config/shipped.js';
import { RollcallError } from '../../src/core/errors.js';
import type { OptionSpecs } from '../../src/core/options.js';

// Not the default one, to which other tests may have added.
const catalogue = new Catalogue(shippedAdapters);
const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

/** The lines of a section, up to the next heading. */
function section(heading: string): string {
  const [, rest = ''] = page.split(`\n## ${heading}\n`);
  return rest.split('\n## ')[0] ?? '';
}

function rows(heading: string): string[] {
  return section(heading).split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Option ') && !line.startsWith('| Configuration '));
}

function blocks(heading: string): string[] {
  return [...section(heading).matchAll(/```\w+\n([^]*?)```/g)].map(([, text]) => text ?? '');
}

const mistakes: ConfigSource[] = [
  'etdc://h1:2379',
  { adapter: 'consul' },
  'etcd://h1:2379?ttll=5',
  'etcd://h1:2379?ttl=0',
  { adapter: 'etcd', layout: 'json' },
  'etcd://h1:99999',
  'etcd://user:pa@ss@h1:2379',
  'etcd://h1:2379?ttl=5&ttl=6',
  'h1:2379,h2:2379',
];

describe('docs/configuration.md', () => {
  const tables: [string, OptionSpecs][] = [
    ['Options of etcd', etcdOptions],
    ['Options of memory', memoryOptions],
  ];
  for (const [heading, specs] of tables) {
    it(`agrees with the code on the ${heading.toLowerCase()}`, () => {
      const expected = Object.entries(specs).map(([name, { describe, expects, secret }]) => `| \`${name}\` | ${describe}${secret === true ? '; secret' : ''} | ${expects} |`);
      expect(rows(heading)).to.deep.equal(expected);
    });
  }

  it('shows URLs and an object that are accepted', async () => {
    const [urls = '', object = ''] = blocks('Three forms');
    for (const url of urls.trim().split('\n')) await loadConfig(url);
    const config = await loadConfig(JSON.parse(object) as ConfigSource);
    expect(config.options).to.deep.include({ endpoints: ['h1:2379', 'h2:2379'], ttl: 5 });
  });

  it('shows each error as it is', async () => {
    const expected: string[] = [];
    for (const source of mistakes) {
      const error: unknown = await loadConfig(source, { catalogue }).then(() => undefined, (reason: unknown) => reason);
      expect(error, JSON.stringify(source)).to.be.instanceOf(RollcallError);
      const { code, message } = error as RollcallError;
      expected.push(`| \`${typeof source === 'string' ? source : JSON.stringify(source)}\` | ${code} | ${message} |`);
    }
    expect(rows('Errors')).to.deep.equal(expected);
  });
});
