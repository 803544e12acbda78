import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';
import ts from 'typescript';

import { pack, root, run } from './packed.js';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

describe('the package', function () {
  this.timeout(60_000);

  it('holds the built sources with their types, and nothing else but the papers', async () => {
    const built = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => ['.js', '.d.ts'].map((extension) => path.join('dist', file.replace(/\.ts$/, extension))));
    // The README links to them.
    const pages = ['docs', 'examples', 'proto'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
    );
    const { files } = await pack();
    expect([...files].sort()).to.deep.equal([...built, ...pages, 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].sort());
  });

  it('declares exactly the packages that it imports', () => {
    const imported = new Set<string>();
    for (const file of readdirSync(path.join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(js|d\.ts)$/.test(file)) continue;
      const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, 'dist', file), 'utf8'), true, true);
      for (const { fileName } of importedFiles) {
        if (!/^(\.|node:)/.test(fileName)) imported.add(/^(@[^/]+\/)?[^/]+/.exec(fileName)![0]);
      }
    }
    expect([...imported].sort()).to.deep.equal([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)].sort());
  });

  it('satisfies publint', async () => {
    const { tarball } = await pack();
    const { stdout } = await run(process.execPath, ['node_modules/publint/src/cli.js', 'run', tarball, '--strict', '--level', 'suggestion'], { cwd: root, env: plainEnv });
    expect(stdout).to.match(/All good!/);
  });

  it('has types that every modern resolver finds (are the types wrong?)', async () => {
    const { tarball } = await pack();
    const { stdout } = await run(process.execPath, ['node_modules/@arethetypeswrong/cli/dist/index.js', '--profile', 'esm-only', '--format', 'json', tarball], { cwd: root });
    const { analysis } = JSON.parse(stdout) as { analysis: { entrypoints: Readonly<Record<string, unknown>>; problems: readonly { kind: string; resolutionKind?: string }[] } };
    expect(Object.keys(analysis.entrypoints)).to.have.length(7);
    // Resolvers of before 2022, which know no exports, and CommonJS before Node could require() a module.
    expect(analysis.problems.filter(({ kind, resolutionKind }) => resolutionKind !== 'node10' && kind !== 'CJSResolvesToESM')).to.deep.equal([]);
  });
});

const plainEnv = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
