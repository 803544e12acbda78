import { parseDialableAddress } from './address.js';
import { RollcallError } from './errors.js';
import { internedText } from './interned-text.js';
import { quote } from './quote.js';
import { prepareNotes } from './record-notes.js';
import { parseServiceName } from './service-name.js';

/** One running server of a service, as every part of the library passes it on. Deeply frozen. */
export interface ServiceInstance {
  /** The logical name it serves under. */
  readonly service: string;
  /** Its identity within the service; two records with the same id are the same instance. */
  readonly id: string;
  /** Where it is dialled: `10.0.0.1:8000`, `[::1]:8000`, `host.name:8000`, `unix:/run/x.sock`. */
  readonly address: string;
  /** Its share of calls under a weighted policy, relative to the others: an integer from 0 (none) to 65535. */
  readonly weight: number;
  readonly version?: string;
  readonly zone?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a caller gives to `register`. */
export interface InstanceInit {
  readonly service: string;
  readonly address: string;
  /** Default: the address, so a server that restarts in its place replaces its old record at once. */
  readonly id?: string | undefined;
  /** Default 100. */
  readonly weight?: number | undefined;
  readonly version?: string | undefined;
  readonly zone?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What may change in a live registration. A field given as `undefined` is left as it is. */
export type InstanceChange = Partial<Pick<InstanceInit, 'weight' | 'version' | 'zone' | 'metadata'>>;

export const defaultWeight = 100;
export const maxWeight = 65_535;

/**
 * How large a record may be, in bytes of its JSON. Every client of a service holds every record of it,
 * so this is far below etcd's own request limit of 1.5 MiB.
 */
export const maxRecordBytes = 65_536;

/** Shared by all that have none. */
const noMetadata: Readonly<Record<string, string>> = Object.freeze({});

const maxIdLength = 512;
const fields: ReadonlySet<string> = new Set(['service', 'id', 'address', 'weight', 'version', 'zone', 'metadata']);

/** Keys that are a trap as property names of a plain object. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks what a caller wants registered and completes it.
 * @throws RollcallError INVALID_SERVICE, INVALID_ADDRESS, INVALID_INSTANCE or RECORD_TOO_LARGE, naming the culprit.
 */
export function createInstance(init: InstanceInit): ServiceInstance {
  if (!isPlainObject(init)) throw invalid(`an instance is an object with service and address, not ${quote(init)}`);
  for (const key of Object.keys(init)) {
    if (!fields.has(key)) throw invalid(`unknown field ${quote(key)} of an instance; known are ${[...fields].join(', ')}`);
  }
  return checked(init);
}

/**
 * Reads an instance out of a stored record: as `createInstance`, but fields that this version does not know are
 * left aside, so that a newer writer does not blind an older reader.
 * @throws RollcallError with the reason to report; the caller skips the record (law 5).
 */
export function instanceFromRecord(service: string, id: string, record: Readonly<Record<string, unknown>>): ServiceInstance {
  const { address, weight, version, zone, metadata } = record;
  // Other languages write an unset field as null. The checks look at every field again, which makes the claim below good.
  return checked({ service, id, address, weight: weight ?? undefined, version: version ?? undefined, zone: zone ?? undefined, metadata: metadata ?? undefined } as InstanceInit, sharedCopy);
}

/** The same instance with some fields changed, checked like a new one. */
export function changeInstance(instance: ServiceInstance, change: InstanceChange): ServiceInstance {
  if (!isPlainObject(change)) throw invalid(`a change is an object, not ${quote(change)}`);
  for (const key of Object.keys(change)) {
    if (!['weight', 'version', 'zone', 'metadata'].includes(key)) {
      throw invalid(`${quote(key)} of a live registration cannot change; weight, version, zone and metadata can`);
    }
  }
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return checked({ ...instance, ...given });
}

/** Whether two records say the same, so that the older object can stand for both (law 2). */
export function sameInstance(a: ServiceInstance, b: ServiceInstance): boolean {
  return (
    a.service === b.service &&
    a.id === b.id &&
    a.address === b.address &&
    a.weight === b.weight &&
    a.version === b.version &&
    a.zone === b.zone &&
    sameMetadata(a.metadata, b.metadata)
  );
}

function sameMetadata(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Metadata that was read last: most instances of a service have the same. */
let latest = noMetadata;

/** A copy, or what is the same already, so that of thousands there is one. */
function sharedCopy(metadata: Record<string, string>): Readonly<Record<string, string>> {
  if (!sameMetadata(latest, metadata)) latest = copied(metadata);
  return latest;
}

/** Not `{ ...metadata }`: frozen, each of those has a hidden class of its own in V8, which is larger than the object. */
function copied(metadata: Record<string, string>): Readonly<Record<string, string>> {
  const copy: Record<string, string> = {};
  for (const key of Object.keys(metadata)) copy[key] = internedText(metadata[key] as string);
  return Object.freeze(copy);
}

/** @param keep makes metadata that nobody can change any more */
function checked(init: InstanceInit, keep: KeepMetadata = copied): ServiceInstance {
  const service = parseServiceName(init.service);
  parseDialableAddress(init.address);
  const id = parseId(init.id === undefined ? init.address : init.id);
  const weight = parseWeight(init.weight === undefined ? defaultWeight : init.weight);
  const version = optionalText('version', init.version);
  const zone = optionalText('zone', init.zone);
  const metadata = init.metadata === undefined ? noMetadata : parseMetadata(init.metadata, keep);
  const instance = assembled(service, id, init.address, weight, version, zone, metadata);
  if (mayBeTooLarge(instance)) {
    const bytes = Buffer.byteLength(JSON.stringify(instance));
    if (bytes > maxRecordBytes) {
      throw new RollcallError('RECORD_TOO_LARGE', `the record of ${quote(service)} ${quote(instance.id)} has ${bytes} bytes; at most ${maxRecordBytes} are allowed`);
    }
  }
  prepareNotes(instance);
  return Object.freeze(instance);
}

/** One of four shapes and not one made piece by piece: ten thousand instances of one shape cost less to keep and to read. */
function assembled(service: string, id: string, address: string, weight: number, version: string | undefined, zone: string | undefined, metadata: Readonly<Record<string, string>>): ServiceInstance {
  if (version === undefined) return zone === undefined ? { service, id, address, weight, metadata } : { service, id, address, weight, zone, metadata };
  return zone === undefined ? { service, id, address, weight, version, metadata } : { service, id, address, weight, version, zone, metadata };
}

/** In JSON a character takes six bytes at most. What is small even so need not be written out to be counted. */
function mayBeTooLarge({ service, id, address, version = '', zone = '', metadata }: ServiceInstance): boolean {
  let characters = 100 + service.length + id.length + address.length + version.length + zone.length;
  for (const key of Object.keys(metadata)) characters += key.length + (metadata[key] as string).length + 4;
  return 6 * characters > maxRecordBytes;
}

function parseId(value: unknown): string {
  if (typeof value !== 'string') throw invalid(`id ${quote(value)} is not a string`);
  if (value === '') throw invalid('id "" is empty');
  if (value.length > maxIdLength) throw invalid(`id ${quote(value)} is longer than ${maxIdLength} characters`);
  // Nearly all: ASCII, and no segments.
  if (/^[!-.0-~]+$/.test(value) && value !== '.' && value !== '..') return value;
  if (/[\u0000-\u0020\u007f-\u009f\ud800-\udfff]/u.test(value)) {
    throw invalid(`id ${quote(value)} holds a space, a control character or half a surrogate pair`);
  }
  if (value.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw invalid(`id ${quote(value)} has a segment "." or ".."`);
  }
  return value;
}

function parseWeight(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > maxWeight) {
    throw invalid(`weight ${quote(value)} is not an integer from 0 to ${maxWeight}`);
  }
  return value;
}

function optionalText(name: 'version' | 'zone', value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return internedText(value);
  throw invalid(`${name} ${quote(value)} is not a string`);
}

type KeepMetadata = (metadata: Record<string, string>) => Readonly<Record<string, string>>;

function parseMetadata(value: unknown, keep: KeepMetadata): Readonly<Record<string, string>> {
  if (!isPlainObject(value)) throw invalid(`metadata ${quote(value)} is not an object of strings`);
  const keys = Object.keys(value);
  if (keys.length === 0) return noMetadata;
  for (const key of keys) {
    if (forbiddenKeys.has(key) || key === '') throw invalid(`metadata key ${quote(key)} is not allowed`);
    const item = value[key];
    if (typeof item !== 'string') throw invalid(`metadata ${quote(key)} is ${quote(item)}, not a string`);
  }
  return keep(value as Record<string, string>);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  // A Map or a Date has no properties to read, so it would pass for empty. The prototype of another realm's object is
  // not our Object.prototype, but like ours it has none above it.
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_INSTANCE', message);
}
