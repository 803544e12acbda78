import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';
import ts from 'typescript';

import { pack, root, run } from './packed.js';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
};

/** Where tsc puts a file for each module, before those that are loaded together are put together. */
const unbundled = path.join('.cache', 'build');

/** The files that users name, by a subpath or as a command. */
const entries = [...Object.values(manifest.exports).flatMap((each) => (typeof each === 'string' ? [] : [each.default])), ...Object.values(manifest.bin)].map((file) => path.normalize(file));

const filesIn = (folder: string): string[] => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
const sources = (): string[] => filesIn('src').filter((file) => file.endsWith('.ts'));
const javascript = (): string[] => filesIn('dist').filter((file) => file.endsWith('.js')).map((file) => path.join('dist', file));

/** The modules of src whose code a published file holds; a comment of the bundler's stands before each piece. */
const modulesIn = (file: string): string[] => [...new Set([...readFileSync(path.join(root, file), 'utf8').matchAll(/^\/\/ \.cache\/build\/(.+\.js)$/gm)].map(([, name]) => name!))];

/** A file of ours and those that come with it. */
function loadedBy(file: string, later?: 'with what is loaded later', known = new Set<string>()): ReadonlySet<string> {
  if (known.has(file)) return known;
  known.add(file);
  const text = readFileSync(path.join(root, file), 'utf8');
  const specifiers = later === undefined ? statically(text) : ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  for (const each of specifiers) if (each.startsWith('.')) loadedBy(path.join(path.dirname(file), each), later, known);
  return known;
}

const statically = (text: string): string[] =>
  ts.createSourceFile('file.js', text, ts.ScriptTarget.ESNext).statements.flatMap((statement) =>
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) && statement.moduleSpecifier !== undefined && ts.isStringLiteral(statement.moduleSpecifier) ? [statement.moduleSpecifier.text] : [],
  );

describe('the package', function () {
  this.timeout(60_000);

  it('holds a file for each entry, what they share, all types, and nothing else but the papers', async () => {
    const types = sources().map((file) => path.join('dist', file.replace(/\.ts$/, '.d.ts')));
    const built = new Set(entries.flatMap((entry) => [...loadedBy(entry, 'with what is loaded later')]));
    // The README links to them.
    const pages = ['docs', 'examples', 'proto'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
    );
    const { files } = await pack();
    expect([...files].sort()).to.deep.equal([...types, ...built, ...pages, 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].sort());
  });

  it('has one copy of each module, and each entry loads only those that it imports', () => {
    const copies = javascript().flatMap((file) => modulesIn(file));
    expect(copies).to.have.length.above(100);
    expect(copies).to.deep.equal([...new Set(copies)]);
    for (const entry of entries) {
      const imported = [...loadedBy(path.join(unbundled, path.relative('dist', entry)))].map((file) => path.relative(unbundled, file));
      const loaded = [...loadedBy(entry)].flatMap((file) => modulesIn(file));
      expect(loaded, entry).to.not.be.empty;
      expect(loaded.filter((each) => !imported.includes(each)), entry).to.deep.equal([]);
    }
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
