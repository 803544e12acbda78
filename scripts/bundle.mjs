// The second half of the build: tsc has written each module of src/ to .cache/build; here they become the few files of dist/ that are
// published. Node takes most of a millisecond to load a module, whatever is in it, and a subpath is made of dozens. Each entry of the
// package becomes a file; what several of them need goes to dist/shared, so that there is one copy of everything, and each entry
// loads exactly the code that it loaded before. Nothing is renamed to shorter names: stack traces stay readable.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const [from, to] = [path.join(root, '.cache', 'build'), path.join(root, 'dist')];
const { bin, engines, exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const published = [...Object.values(exports).map((each) => each.default), ...Object.values(bin)].filter((file) => file !== undefined);

await build({
  absWorkingDir: root,
  entryPoints: published.map((file) => path.join(from, path.relative(to, path.resolve(root, file)))),
  outbase: from,
  outdir: to,
  bundle: true,
  splitting: true,
  chunkNames: 'shared/[hash]',
  format: 'esm',
  platform: 'node',
  target: `node${/\d+/.exec(engines.node)[0]}`,
  packages: 'external',
  charset: 'utf8',
  logLevel: 'warning',
});

// Types stay as they are, a file for each module: nobody loads them at run time.
cpSync(from, to, { recursive: true, filter: (file) => !file.endsWith('.js') });
