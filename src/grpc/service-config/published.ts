import { toRollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import { quote } from '../../core/quote.js';
import type { CheckedServiceConfig } from './checked.js';
import { readServiceConfig } from './parse.js';
import { serviceConfigKey } from './publish.js';

/** What the instances of a service say about how to call it. */
export interface PublishedServiceConfig {
  readonly config?: CheckedServiceConfig;
  /** The id of the instance whose record it is from. */
  readonly from?: string;
  /** A newer record's config was passed over, and why: for the log and the resolution note. */
  readonly problem?: string;
  /** What of it was left aside or has no effect. */
  readonly warnings?: readonly string[];
}

type Reading = { readonly config: CheckedServiceConfig; readonly warnings: readonly string[] } | { readonly problem: string };
type RevisionOf = (instance: ServiceInstance) => string | undefined;

const nothingPublished: PublishedServiceConfig = Object.freeze({});

/** One reading for each distinct text: the same text is the same object in every resolution. Bounded, for services that change theirs for ever. */
const readings = new Map<string, Reading>();
const maxReadings = 256;
/** How many bad texts are passed over before none is used. */
const maxTries = 8;

/**
 * The config of the record written last, of those that carry one: while servers are replaced one by one, all clients agree on the new one
 * with the first of them. A bad one must not take the service down: it is passed over for the one before.
 * @param revisionOf the revision at which a record was written last; where it is not known, the record counts as older than all others,
 *   and among such the greatest id decides
 */
export function publishedServiceConfig(instances: readonly ServiceInstance[], revisionOf: RevisionOf): PublishedServiceConfig {
  let newest = newestCarrier(instances, revisionOf, undefined);
  if (newest === undefined) return nothingPublished;
  let bad: Set<string> | undefined;
  let problem: string | undefined;
  // Each text more is another pass over all instances: a config that differs from record to record, and is bad, must not cost a second.
  for (let tries = 0; newest !== undefined && tries < maxTries; tries++) {
    const text = newest.metadata[serviceConfigKey] as string;
    const reading = readingOf(text);
    if ('config' in reading) {
      const warnings = reading.warnings.length === 0 ? {} : { warnings: reading.warnings };
      const passedOver = problem === undefined ? {} : { problem: `${problem}; that of ${quote(newest.id)} is used instead` };
      return { config: reading.config, from: newest.id, ...passedOver, ...warnings };
    }
    problem ??= `the service config published by ${quote(newest.id)} is passed over: ${reading.problem}`;
    bad = (bad ?? new Set()).add(text);
    newest = newestCarrier(instances, revisionOf, bad);
  }
  return problem === undefined ? nothingPublished : { problem };
}

/** One pass; each further one leaves out the texts found bad, so there are as many as there are different bad texts. */
function newestCarrier(instances: readonly ServiceInstance[], revisionOf: RevisionOf, bad: ReadonlySet<string> | undefined): ServiceInstance | undefined {
  let newest: ServiceInstance | undefined;
  for (const instance of instances) {
    // Most have none, and asking V8 so is ten times faster than reading what is not there.
    if (!Object.hasOwn(instance.metadata, serviceConfigKey) || bad?.has(instance.metadata[serviceConfigKey] as string) === true) continue;
    if (newest === undefined || isNewer(instance, newest, revisionOf)) newest = instance;
  }
  return newest;
}

function isNewer(a: ServiceInstance, b: ServiceInstance, revisionOf: RevisionOf): boolean {
  const first = revisionOf(a) ?? '';
  const second = revisionOf(b) ?? '';
  // Decimal numbers of any size, without leading zeros: the longer one is greater. The empty text is the smallest.
  if (first.length !== second.length) return first.length > second.length;
  return first === second ? a.id > b.id : first > second;
}

function readingOf(text: string): Reading {
  const known = readings.get(text);
  const reading = known ?? read(text);
  // Put last again: the one unused for longest is first and goes first.
  readings.delete(text);
  readings.set(text, reading);
  if (readings.size > maxReadings) {
    for (const oldest of readings.keys()) {
      readings.delete(oldest);
      break;
    }
  }
  return reading;
}

function read(text: string): Reading {
  try {
    return readServiceConfig(text, 'the published service config', { strictness: 'lenient' });
  } catch (error) {
    return { problem: toRollcallError(error).message.replace('the published service config: ', '') };
  }
}
