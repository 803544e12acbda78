import { RollcallError } from '../errors.js';
import { quote } from '../quote.js';

/**
 * What a text may be. One of the values that are wanted, and none of those that are not:
 *
 *     canary     this value              !canary    any other value, or none
 *     1.4.*      begins with 1.4.        !1.4.*     does not begin so, or there is none
 *     *          any value               !*         none
 */
export interface TextPattern {
  /** As it is written in the text form: `1.4.*|!1.4.3`. */
  readonly description: string;
  matches(value: string | undefined): boolean;
}

type Test = (value: string | undefined) => boolean;

/**
 * @param of what it belongs to, for messages: `"version" of the filter`
 * @throws RollcallError INVALID_CONFIG
 */
export function parsePattern(raw: unknown, of: string): TextPattern {
  const values: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  if (values.length === 0) throw invalid(`${of} is an empty list, which nothing matches`);
  const wanted: Test[] = [];
  const unwanted: Test[] = [];
  for (const value of values) {
    if (typeof value !== 'string') throw invalid(`${of} is ${quote(value)}, not a text or a list of texts`);
    if (value.startsWith('!')) unwanted.push(testOf(value.slice(1), of));
    else wanted.push(testOf(value, of));
  }
  const [only] = wanted;
  const isWanted: Test = only === undefined ? () => true : wanted.length === 1 ? only : (value) => wanted.some((test) => test(value));
  return {
    description: values.map((value) => shown(value as string)).join('|'),
    matches: unwanted.length === 0 ? isWanted : (value) => isWanted(value) && !unwanted.some((test) => test(value)),
  };
}

function testOf(text: string, of: string): Test {
  if (text === '') throw invalid(`${of} has an empty value`);
  if (/^[=<>]/.test(text)) throw invalid(`${of}: ${quote(text)} looks like a comparison; there are none, only texts such as 1.4.0 and 1.4.*. A function can ask for more`);
  const star = text.indexOf('*');
  if (text.startsWith('!') || (star >= 0 && star < text.length - 1)) {
    throw invalid(`${of}: ${quote(text)} has a "${text.startsWith('!') ? '!' : '*'}" where it means nothing; "!" stands first and "*" last. A function can ask for more`);
  }
  if (star < 0) return (value) => value === text;
  const prefix = text.slice(0, -1);
  return (value) => value?.startsWith(prefix) === true;
}

/** Plain words stay plain in messages. */
export function shown(text: string): string {
  return /^[\w.*!@:/+~-]+$/.test(text) ? text : quote(text);
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_CONFIG', message);
}
