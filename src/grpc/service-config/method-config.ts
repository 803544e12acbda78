import type { MethodConfig } from '@grpc/grpc-js';

import { quote } from '../../core/quote.js';
import { readHedgingPolicy, readRetryPolicy } from './attempts.js';
import { readDuration } from './duration.js';
import { fieldsOf, type Findings, listAt } from './findings.js';
import { readNames } from './method-name.js';

/** grpc-js knows these two by other names and looks at neither. */
const sizeLimits = { maxRequestMessageBytes: 'grpc.max_send_message_length', maxResponseMessageBytes: 'grpc.max_receive_message_length' } as const;

const known = ['name', 'timeout', 'retryPolicy', 'hedgingPolicy', 'waitForReady', 'maxRequestMessageBytes', 'maxResponseMessageBytes'] as const;

export function readMethodConfigs(findings: Findings, path: string, value: unknown, attemptsLimit: number): MethodConfig[] {
  const taken = new Map<string, string>();
  const configs = listAt(findings, path, value).map((each, index) => readMethodConfig(findings, `${path}[${index}]`, each, attemptsLimit, taken));
  return configs.filter(({ name }) => name.length > 0);
}

function readMethodConfig(findings: Findings, path: string, value: unknown, attemptsLimit: number, taken: Map<string, string>): MethodConfig {
  const fields = fieldsOf(findings, path, value, known);
  const config: MethodConfig = { name: readNames(findings, `${path}.name`, fields.name ?? [], taken) };
  if (fields.timeout !== undefined) config.timeout = readDuration(findings, `${path}.timeout`, fields.timeout, 1);
  if (fields.retryPolicy !== undefined && fields.hedgingPolicy !== undefined) findings.error(`${path} has both a retryPolicy and a hedgingPolicy`);
  if (fields.retryPolicy !== undefined) config.retryPolicy = readRetryPolicy(findings, `${path}.retryPolicy`, fields.retryPolicy, attemptsLimit);
  if (fields.hedgingPolicy !== undefined) {
    config.hedgingPolicy = readHedgingPolicy(findings, `${path}.hedgingPolicy`, fields.hedgingPolicy, attemptsLimit);
  }
  doubtWhatDoesNothing(findings, path, fields);
  return config;
}

function doubtWhatDoesNothing(findings: Findings, path: string, fields: Partial<Record<(typeof known)[number], unknown>>): void {
  const { waitForReady = false } = fields;
  if (typeof waitForReady !== 'boolean') findings.error(`${path}.waitForReady ${quote(waitForReady)} is not true or false`);
  if (waitForReady) findings.doubt(`${path}.waitForReady does nothing in grpc-js; set it on a call's metadata: metadata.setOptions({ waitForReady: true })`);
  for (const [field, option] of Object.entries(sizeLimits)) {
    if (fields[field as keyof typeof sizeLimits] !== undefined) findings.doubt(`${path}.${field} does nothing in grpc-js; use the channel option ${option}`);
  }
}
