import { readDuration } from './duration.js';
import { fieldsOf, type Findings, objectAt } from './findings.js';

type Reader = (findings: Findings, path: string, value: unknown) => unknown;

const asGiven: Reader = (_findings, _path, value) => value;
const duration: Reader = (findings, path, value) => readDuration(findings, path, value, 0);
const ejection =
  (...fields: readonly string[]): Reader =>
  (findings, path, value) =>
    translate(findings, path, value, Object.fromEntries(fields.map((field) => [field, asGiven])));

/** The fields of grpc-js's own policies, in the spelling that it reads. It leaves aside, in silence, what is spelt otherwise. */
const fieldsOfPolicy: Readonly<Record<string, Readonly<Record<string, Reader>>>> = {
  pick_first: { shuffleAddressList: asGiven },
  round_robin: {},
  weighted_round_robin: {
    enable_oob_load_report: asGiven,
    oob_load_reporting_period: duration,
    blackout_period: duration,
    weight_expiration_period: duration,
    weight_update_period: duration,
    error_utilization_penalty: asGiven,
  },
  outlier_detection: {
    interval: duration,
    base_ejection_time: duration,
    max_ejection_time: duration,
    max_ejection_percent: asGiven,
    success_rate_ejection: ejection('stdev_factor', 'enforcement_percentage', 'minimum_hosts', 'request_volume'),
    failure_percentage_ejection: ejection('threshold', 'enforcement_percentage', 'minimum_hosts', 'request_volume'),
    child_policy: asGiven,
  },
};

/**
 * The configuration of a policy of grpc-js in the form that it reads: it wants `base_ejection_time` as `{ seconds, nanos }`, where the
 * specifications (gRFC A50, A58) and every other language say `baseEjectionTime: "30s"`. Both are taken. Other policies stay as they are.
 */
export function coreForm(findings: Findings, path: string, name: string, config: unknown): Readonly<Record<string, unknown>> {
  const readers = Object.hasOwn(fieldsOfPolicy, name) ? fieldsOfPolicy[name] : undefined;
  return readers === undefined ? objectAt(findings, path, config) : translate(findings, path, config, readers);
}

function translate(findings: Findings, path: string, value: unknown, readers: Readonly<Record<string, Reader>>): Record<string, unknown> {
  const names = Object.keys(readers);
  const given = fieldsOf(findings, path, value, [...new Set([...names.map(camelCase), ...names])]);
  const result: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(readers)) {
    const camel = camelCase(name);
    if (camel !== name && given[camel] !== undefined && given[name] !== undefined) findings.error(`${path} has both ${camel} and ${name}`);
    const item = given[camel] ?? given[name];
    if (item !== undefined) result[name] = read(findings, `${path}.${camel}`, item);
  }
  return result;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
