import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';
import { ESLint } from 'eslint';

import { checkImports } from '../scripts/check-imports.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/** An import that each layer must not have, as seen from a file directly in it. */
const forbidden: [layer: string, specifier: string][] = [
  ['core', '../adapters/memory/index.js'],
  ['core', '../grpc/index.js'],
  ['core', '../config/index.js'],
  ['core', '../inversify/index.js'],
  ['core', '../cli/main.js'],
  ['core', '../conformance/index.js'],
  ['core', '@grpc/grpc-js'],
  ['core', 'etcd3'],
  ['core', '../index.js'],
  ['adapters', '../grpc/index.js'],
  ['adapters', '../config/index.js'],
  ['adapters', '../inversify/index.js'],
  ['adapters', '../cli/main.js'],
  ['adapters', '../index.js'],
  ['grpc', '../adapters/etcd/index.js'],
  ['grpc', '../config/index.js'],
  ['grpc', '../inversify/index.js'],
  ['grpc', '../index.js'],
  ['conformance', '../adapters/memory/index.js'],
  ['conformance', '../grpc/index.js'],
  ['config', '../grpc/index.js'],
  ['config', '../inversify/index.js'],
  ['config', '../cli/main.js'],
  ['inversify', '../cli/main.js'],
];

const allowed: [layer: string, specifier: string][] = [
  ['core', './errors.js'],
  ['core', 'node:net'],
  ['adapters', '../core/errors.js'],
  ['adapters', 'etcd3'],
  ['grpc', '../core/errors.js'],
  ['config', '../adapters/memory/index.js'],
  ['inversify', '../config/index.js'],
  ['inversify', '../grpc/index.js'],
  ['cli', '../connect.js'],
];

describe('imports point inwards', function () {
  this.timeout(30_000);

  // Only the rule in question, without types: those need a file that exists.
  const eslint = new ESLint({
    cwd: root,
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports',
  });

  const fileIn = (layer: string): string => path.join(root, 'src', layer, 'made-up.ts');
  const lint = async (layer: string, text: string): Promise<(string | null)[]> => {
    const [result] = await eslint.lintText(text, { filePath: fileIn(layer) });
    // One import may break two patterns.
    return [...new Set(result!.messages.map(({ ruleId }) => ruleId))];
  };

  for (const [layer, specifier] of forbidden) {
    it(`the linter refuses '${specifier}' in src/${layer}`, async () => {
      expect(await lint(layer, `import { x } from '${specifier}';\nexport { x };\n`)).to.deep.equal(['no-restricted-imports']);
      expect(await lint(layer, `export * from '${specifier}';\n`)).to.deep.equal(['no-restricted-imports']);
      expect(await lint(layer, `import type { x } from '${specifier}';\nexport type y = x;\n`)).to.deep.equal(['no-restricted-imports']);
    });

    it(`the import check refuses '${specifier}' in src/${layer} as import() and as a type as well`, async () => {
      for (const text of [`export const x = import('${specifier}');`, `export type X = import('${specifier}').X;`, `import '${specifier}';`]) {
        expect(await checkImports(fileIn(layer), `\n${text}\n`), text).to.have.length(1);
        expect((await checkImports(fileIn(layer), `\n${text}\n`))[0]).to.match(new RegExp(`^src/${layer}/made-up\\.ts:2: '`));
      }
    });
  }

  for (const [layer, specifier] of allowed) {
    it(`'${specifier}' is fine in src/${layer}`, async () => {
      expect(await lint(layer, `import { x } from '${specifier}';\nexport { x };\n`)).to.deep.equal([]);
      expect(await checkImports(fileIn(layer), `import { x } from '${specifier}';`)).to.deep.equal([]);
    });
  }

  it('a deeper file is held to the same order', async () => {
    expect(await lint('adapters/etcd/layouts', "import { x } from '../../../config/index.js';\nexport { x };\n")).to.deep.equal(['no-restricted-imports']);
  });

  it('a folder within core reaches up to core and no further', async () => {
    expect(await lint('core/selection', "import { x } from '../errors.js';\nexport { x };\n")).to.deep.equal([]);
    for (const specifier of ['../../grpc/index.js', '../../index.js', '../../../package.json', 'etcd3']) {
      expect(await lint('core/selection', `import { x } from '${specifier}';\nexport { x };\n`), specifier).to.deep.equal(['no-restricted-imports']);
    }
  });

  it('a detour does not deceive the check', async () => {
    expect(await checkImports(fileIn('core'), "import './../grpc/index.js';")).to.have.length(1);
    expect(await checkImports(fileIn('adapters'), "import './memory/../../config/index.js';")).to.have.length(1);
  });

  it('a folder without a place in the order is refused', async () => {
    expect((await checkImports(fileIn('newcomer'), ''))[0]).to.match(/src\/newcomer has no place in the order/);
  });
});
