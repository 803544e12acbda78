// Loaded before a row (`node --import tsx --import ./bench/support/use-build.mjs …`): what rows import from src comes from .cache/build, the modules
// that `dist` is put together from. tsx wraps every function that it translates, to keep its name, and the wrapping would be measured too.
import { register } from 'node:module';

const root = new URL('../../', import.meta.url).href;

register(`data:text/javascript,${encodeURIComponent(`
  const [src, build] = [${JSON.stringify(`${root}src/`)}, ${JSON.stringify(`${root}.cache/build/`)}];
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    const [url] = found.url.split('?');
    if (!url.startsWith(src) || !url.endsWith('.ts')) return found;
    return { ...found, format: 'module', url: build + url.slice(src.length, -3) + '.js' };
  }
`)}`);
