import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';

import { errorCodes, RollcallError } from '../../src/core/errors.js';
import { occursIn, type Page, readPage, readPages, root } from './pages.js';

/** Blocks that another test makes anew and compares, so they need no file. */
const comparedElsewhere: Readonly<Record<string, { readonly language: string; readonly test: string }>> = {
  'docs/cli.md': { language: 'console', test: 'test/cli/documented.test.ts' },
  'docs/configuration.md': { language: 'json', test: 'test/config/documented.test.ts' },
};

const code = new Set(['ts', 'js', 'json', 'yaml', 'proto']);
const known = new Set([...code, 'sh', 'console', 'text']);

describe('documentation', () => {
  const pages = readPages();

  it('is there', () => {
    expect(pages.map(({ file }) => file)).to.include.members(['README.md', 'docs/errors.md', 'docs/contributing.md']);
  });

  for (const page of pages) {
    describe(page.file, () => {
      for (const block of page.blocks) {
        it(`${block.at} names its language, and ${block.from === undefined ? 'needs no source' : `stands word for word in ${block.from}`}`, () => {
          expect(known, `language "${block.language}"`).to.include(block.language);
          if (block.from !== undefined) {
            const source = path.join(root, block.from);
            expect(existsSync(source), `${block.from} exists`).to.equal(true);
            expect(occursIn(readFileSync(source, 'utf8'), block.lines), `not in ${block.from}:\n${block.lines.join('\n')}`).to.equal(true);
            return;
          }
          const elsewhere = comparedElsewhere[page.file];
          if (elsewhere?.language === block.language) {
            expect(readFileSync(path.join(root, elsewhere.test), 'utf8')).to.include(page.file);
            return;
          }
          expect(code, 'code that comes from no file').not.to.include(block.language);
          expect('console', 'a transcript that no test makes anew').not.to.equal(block.language);
        });
      }

      it('links to what exists', () => {
        expect(brokenLinks(page, pages)).to.deep.equal([]);
      });
    });
  }

  it('would notice a changed line, a missing file, and a broken link', () => {
    const text = '  const a = 1;\n  const b = 2;\n\n  const c = 3;\n';
    expect(occursIn(text, ['const a = 1;', 'const b = 2;'])).to.equal(true);
    expect(occursIn(text, ['const b = 2;', '', 'const c = 3;'])).to.equal(true);
    expect(occursIn(text, ['const a = 1;', 'const c = 3;'])).to.equal(false);
    expect(occursIn(text, ['const a = 1', 'const b = 2;'])).to.equal(false);
    const page = readPage('docs/made-up.md', '# One thing\n[a](#one-thing) [b](#two) [c](nowhere.md) [d](errors.md#closed) `[x](y)` [e](https://example.org)\n```ts\n[f](z)\n```\n');
    expect(brokenLinks(page, [...pages, page])).to.deep.equal(['#two', 'nowhere.md']);
  });
});

function brokenLinks(page: Page, pages: readonly Page[]): string[] {
  return page.links.filter((link) => {
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? page.file : path.normalize(path.join(path.dirname(page.file), target));
    if (!existsSync(path.join(root, file)) && target !== '') return true;
    return anchor !== undefined && pages.find((each) => each.file === file)?.anchors.includes(anchor) !== true;
  });
}

describe('docs/errors.md', () => {
  const page = readPages().find(({ file }) => file === 'docs/errors.md')!;

  it('lists exactly the codes that there are, with whether each is retryable', () => {
    const rows = [...page.text.matchAll(/^\| `([A-Z_]+)` \| .+ \| (yes|no) \|$/gm)].map(([, name, retryable]) => [name, retryable]);
    expect(rows).to.deep.equal(errorCodes.map((each) => [each, new RollcallError(each, '').retryable ? 'yes' : 'no']));
  });

  it('has one heading for each, in the same order', () => {
    expect([...page.text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).to.deep.equal(errorCodes);
  });
});
