import type { MethodConfig } from '@grpc/grpc-js';

import { quote } from '../../core/quote.js';
import { fieldsOf, type Findings, listAt } from './findings.js';

export type MethodName = MethodConfig['name'][number];

/** One text for each name; that of the name `{}`, which applies to every call, is "/". */
export function nameKey({ service = '', method = '' }: MethodName): string {
  return `${service}/${method}`;
}

/**
 * The names of one entry.
 * @param taken names of the entries before, and where they stand; those of this one are added
 */
export function readNames(findings: Findings, path: string, value: unknown, taken: Map<string, string>): MethodName[] {
  const names = listAt(findings, path, value).map((each, index) => readName(findings, `${path}[${index}]`, each));
  if (names.length === 0) findings.doubt(`${path} is empty, so the entry applies to no call; for every call it is [{}]`);
  for (const [index, name] of names.entries()) {
    const key = nameKey(name);
    const other = taken.get(key);
    if (other !== undefined) findings.error(`${path}[${index}] is ${shown(name)}, which ${other} is already; each name may stand once`);
    taken.set(key, `${path}[${index}]`);
  }
  return names;
}

function readName(findings: Findings, path: string, value: unknown): MethodName {
  const { service = '', method = '' } = fieldsOf(findings, path, value, ['service', 'method']);
  if (typeof service !== 'string') findings.error(`${path}.service is ${quote(service)}, not a text`);
  if (typeof method !== 'string') findings.error(`${path}.method is ${quote(method)}, not a text`);
  if (service === '' && method !== '') findings.error(`${path} has the method ${quote(method)} and no service`);
  // grpc-js compares with the two parts of "/package.Service/Method".
  for (const [field, text] of Object.entries({ service, method })) {
    if (/[/\s]/.test(text)) findings.doubt(`${path}.${field} ${quote(text)} will never match: a service is named as "package.Service", a method as "Method"`);
  }
  if (service === '') return {};
  return method === '' ? { service } : { service, method };
}

function shown(name: MethodName): string {
  return name.service === undefined ? '{}' : quote(nameKey(name).replace(/\/$/, ''));
}
