import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { pack, root, run } from './packed.js';
import { source, subpathPrograms } from './programs.js';

const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Modules that a hook has seen, one a line on standard error. */
const reportLoads = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    import { writeSync } from 'node:fs';
    export async function resolve(specifier, context, next) {
      const resolved = await next(specifier, context);
      writeSync(2, 'loads ' + resolved.url + '\\\\n');
      return resolved;
    }\`));
`)}`;

/** What each subpath may load: nobody pays for what he does not use. */
const loaded: Readonly<Record<string, readonly string[]>> = {
  rollcall: [],
  'rollcall/memory': [],
  'rollcall/conformance': [],
  'rollcall/etcd': ['@grpc/grpc-js', 'cockatiel', 'etcd3'],
  'rollcall/grpc': ['@grpc/grpc-js'],
  'rollcall/inversify': [
    'inversify',
    'reflect-metadata',
    // Modules of inversify's own.
    ...['common', 'container', 'core', 'plugin', 'prototype-utils', 'reflect-metadata-utils'].map((part) => `@inversifyjs/${part}`),
  ],
};

for (const kind of ['module', 'commonjs'] as const) {
  describe(`the package, installed into an empty ${kind === 'module' ? 'ESM' : 'CommonJS'} project`, function () {
    this.timeout(120_000);
    let project: string;

    before(async () => {
      project = await mkdtemp(path.join(tmpdir(), `rollcall-${kind}-`));
      const { tarball } = await pack();
      await writeFile(path.join(project, 'package.json'), JSON.stringify({ name: 'user', private: true, type: kind }));
      const { devDependencies } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { devDependencies: Readonly<Record<string, string>> };
      const wanted = ['@grpc/grpc-js', '@types/node'].map((name) => `${name}@${devDependencies[name]!}`);
      await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...wanted], { cwd: project, env: cleanEnv });
      await mkdir(path.join(project, 'src'));
      for (const [index, program] of subpathPrograms.entries()) await writeFile(path.join(project, 'src', `program${index}.ts`), source(program));
      await writeFile(
        path.join(project, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            target: 'es2022',
            lib: ['es2022', 'esnext.disposable'],
            module: 'nodenext',
            strict: true,
            exactOptionalPropertyTypes: true,
            types: ['node'],
            // Other people's types are not ours to check; ours are, as the programs use them.
            skipLibCheck: true,
            rootDir: 'src',
            outDir: 'out',
          },
          include: ['src'],
        }),
      );
    });

    after(() => rm(project, { recursive: true, force: true }));

    it('type-checks with module nodenext, and every program for a subpath runs', async () => {
      await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch((error: unknown) => {
        throw new Error((error as { stdout: string }).stdout);
      });
      for (const [index, { subpath }] of subpathPrograms.entries()) {
        const file = path.join('out', `program${index}.js`);
        const compiled = await readFile(path.join(project, file), 'utf8');
        expect(compiled).to.include(kind === 'module' ? `from '${subpath}'` : `require("${subpath}")`);
        const { stdout } = await run(process.execPath, [file], { cwd: project, env: cleanEnv });
        expect(stdout, subpath).to.equal('ok\n');
      }
    });

    it('has a command line that npx finds', async () => {
      const { stdout } = await run('npx', ['--no-install', 'rollcall', '--help'], { cwd: project, env: cleanEnv });
      expect(stdout).to.match(/register/).and.match(/list/).and.match(/watch/);
    });

    if (kind === 'module') {
      const loads = async (code: string): Promise<string[]> => {
        const { stderr } = await run(process.execPath, ['--import', reportLoads, '--input-type=module', '--eval', code], { cwd: project, env: cleanEnv });
        const packages = stderr.matchAll(/^loads .*\/node_modules\/((?:@[^/]+\/)?[^/]+)/gm);
        return [...new Set([...packages].map(([, name]) => name!))].sort();
      };

      it('has no subpath but those whose packages are named here', async () => {
        const { exports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { exports: Readonly<Record<string, unknown>> };
        const subpaths = Object.keys(exports).filter((each) => each !== './package.json');
        expect(Object.keys(loaded).sort()).to.deep.equal(subpaths.map((each) => path.posix.join('rollcall', each)).sort());
      });

      for (const [subpath, others] of Object.entries(loaded)) {
        it(`${subpath} loads ${others.length === 0 ? 'no other package' : `of other packages only ${others.join(', ')} and what they load`}`, async () => {
          expect(await loads(`await import('${subpath}')`)).to.deep.equal(['rollcall', ...others].sort());
        });
      }
    }
  });
}

/** Without what npm and the coverage of the run around us have put there. */
const cleanEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_V8_COVERAGE$|NODE_OPTIONS$)/.test(name)));
