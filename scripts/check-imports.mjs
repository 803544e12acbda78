/**
 * Checks that imports point inwards, by the very patterns that eslint.config.js gives to its import rule, and also where
 * that rule does not look: in `import()` and in types such as `import('./x.js').T`.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { ESLint } from 'eslint';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What is wrong with one file of src, one line each. */
export async function checkImports(file, text, eslint = new ESLint({ cwd: root })) {
  const config = await eslint.calculateConfigForFile(file);
  const [, { patterns } = { patterns: undefined }] = config.rules['no-restricted-imports'] ?? [];
  const [layer] = path.relative(path.join(root, 'src'), file).split(path.sep);
  if (patterns === undefined) {
    // The entry files stand outside of everything, and so does the command line; a new folder needs its place in the order.
    return layer === 'cli' || layer.endsWith('.ts') ? [] : [`${path.relative(root, file)}: src/${layer} has no place in the order of eslint.config.js`];
  }
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.flatMap(({ fileName, pos }) => {
    // './../grpc' is '../grpc'; a plain './x' keeps its dot.
    const plain = fileName.startsWith('.') ? path.posix.normalize(fileName) : fileName;
    const specifier = fileName.startsWith('.') && !plain.startsWith('.') ? `./${plain}` : plain;
    const broken = patterns.find(({ regex }) => new RegExp(regex, 'u').test(specifier));
    const line = text.slice(0, pos).split('\n').length;
    return broken === undefined ? [] : [`${path.relative(root, file)}:${line}: '${fileName}': ${broken.message}`];
  });
}

async function main() {
  const eslint = new ESLint({ cwd: root });
  const entries = await readdir(path.join(root, 'src'), { recursive: true });
  const files = entries.filter((entry) => entry.endsWith('.ts')).map((entry) => path.join(root, 'src', entry));
  const found = (await Promise.all(files.map(async (file) => checkImports(file, await readFile(file, 'utf8'), eslint)))).flat();
  for (const line of found) console.error(line);
  console.log(`imports of ${files.length} files: ${found.length === 0 ? 'all point inwards' : `${found.length} point outwards`}`);
  if (found.length > 0 || files.length === 0) process.exitCode = 1;
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
