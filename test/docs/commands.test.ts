import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { readPages, root } from './pages.js';

const run = promisify(execFile);
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> };

/** Every command that a page tells a reader to type, with what shows that it works. */
const commands: readonly { readonly form: RegExp; readonly check: (match: readonly string[]) => void | Promise<void> }[] = [
  // Run by the integration in this very form; the demo by test/examples as well.
  { form: /^npm ci && npm (?:run )?(\w+)$/, check: ([, script]) => void expect(scripts).to.have.property(script!) },
  { form: /^npm (?:run )?([\w:]+)(?: -- --registry etcd:\/\/\S+)?$/, check: ([, script]) => void expect(scripts).to.have.property(script!) },
  { form: /^node (scripts\/[\w-]+\.mjs)$/, check: ([, script]) => void readFileSync(path.join(root, script!)) },
  { form: /^npx mocha (\S+\.test\.ts)$/, check: ([, file]) => void readFileSync(path.join(root, file!)) },
  // Its options are those of its usage; test/examples runs the programs.
  {
    form: /^(?:npx|node --import) tsx (examples\/[\w-]+\.ts)((?: --\w+ \S+)*)$/,
    check: async ([, file, options]) => {
      const { stdout } = await run(process.execPath, ['--import', 'tsx', file!, '--help'], { cwd: root });
      for (const [option] of options!.matchAll(/--\w+/g)) expect(stdout).to.include(option);
    },
  },
  // The command itself is tested in test/cli, and from the package in test/package.
  {
    form: /^npx rollcall (\w+)(.*)$/,
    check: async ([, command, rest]) => {
      const { stdout } = await run(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', command!, '--help'], { cwd: root });
      for (const [option] of rest!.split(' -- ')[0]!.matchAll(/--[\w-]+/g)) expect(stdout).to.include(option);
    },
  },
];

describe('the commands in the documentation', function () {
  this.timeout(30_000);

  const lines = readPages().flatMap(({ blocks }) =>
    blocks.filter(({ language }) => language === 'sh').flatMap(({ lines: each, at }) => each.filter((line) => line.trim() !== '' && !line.startsWith('#')).map((line) => ({ line, at }))),
  );

  for (const { line, at } of lines) {
    it(`${at}: ${line}`, async () => {
      const known = commands.find(({ form }) => form.test(line));
      expect(known, 'a command that no test knows').not.to.equal(undefined);
      await known!.check(known!.form.exec(line)!);
    });
  }

  it('include the two that everything begins with, in this form', () => {
    expect(lines.map(({ line }) => line)).to.include.members(['npm ci && npm run demo', 'npm ci && npm test']);
  });
});
