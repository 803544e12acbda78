import { RollcallError } from '../errors.js';
import { quote } from '../quote.js';
import type { InstanceMatch } from './filter.js';

/**
 * A filter as one writes it on a command line: `version=1.4.*,lane=canary|beta,zone!=eu-1c`. `version` and `zone` are those of the
 * instance, any other name is a metadata key (`metadata.version` for one of that name); `|` parts values of which one must match,
 * `!=` refuses each of them. A value with a comma or a bar in it cannot be written so.
 * @param of where it was written, for messages: `--filter`
 * @throws RollcallError INVALID_CONFIG
 */
export function parseFilterText(text: string, of: string): InstanceMatch {
  const fields: Record<string, readonly string[]> = {};
  const metadata = new Map<string, readonly string[]>();
  for (const part of text.split(',')) {
    const [, name = '', not = '', value = ''] = /^\s*([^=!\s]+)(!?)=(.*?)\s*$/u.exec(part) ?? [];
    if (value === '') throw new RollcallError('INVALID_CONFIG', `${of}: ${quote(part)} is not name=value or name!=value, as in version=1.4.*,lane=canary`);
    const values = value.split('|').map((each) => not + each);
    const isField = name === 'version' || name === 'zone';
    const key = name.startsWith('metadata.') ? name.slice('metadata.'.length) : name;
    if (key === '') throw new RollcallError('INVALID_CONFIG', `${of}: ${quote(part)} names no metadata key`);
    if (isField ? name in fields : metadata.has(key)) {
      throw new RollcallError('INVALID_CONFIG', `${of}: ${quote(name)} is given twice; write ${name}=a|b for either of two`);
    }
    if (isField) fields[name] = values;
    else metadata.set(key, values);
  }
  return metadata.size === 0 ? fields : { ...fields, metadata: Object.fromEntries(metadata) };
}
