import { type MethodConfig, status } from '@grpc/grpc-js';

import { quote } from '../../core/quote.js';
import { formatDuration, millisecondsOf, readDuration } from './duration.js';
import { fieldsOf, type Findings, listAt } from './findings.js';

type RetryPolicy = NonNullable<MethodConfig['retryPolicy']>;
type HedgingPolicy = NonNullable<MethodConfig['hedgingPolicy']>;

/** What grpc-js makes of a call at most, unless the channel option `grpc-node.retry_max_attempts_limit` says otherwise. */
export const defaultAttemptsLimit = 5;

/** gRFC A6, "Retry Policy". */
export function readRetryPolicy(findings: Findings, path: string, value: unknown, attemptsLimit: number): RetryPolicy {
  const fields = fieldsOf(findings, path, value, ['maxAttempts', 'initialBackoff', 'maxBackoff', 'backoffMultiplier', 'retryableStatusCodes']);
  const maxAttempts = readMaxAttempts(findings, `${path}.maxAttempts`, fields.maxAttempts, attemptsLimit);
  let initialBackoff = readDuration(findings, `${path}.initialBackoff`, fields.initialBackoff, Number.MIN_VALUE);
  const maxBackoff = readDuration(findings, `${path}.maxBackoff`, fields.maxBackoff, Number.MIN_VALUE);
  if (millisecondsOf(initialBackoff) > millisecondsOf(maxBackoff)) {
    // grpc-js would take the longer one for the first retry.
    findings.doubt(`${path}.initialBackoff "${formatDuration(initialBackoff)}" is longer than maxBackoff "${formatDuration(maxBackoff)}"`);
    initialBackoff = maxBackoff;
  }
  const { backoffMultiplier } = fields;
  if (typeof backoffMultiplier !== 'number' || !(backoffMultiplier > 0)) {
    findings.error(`${path}.backoffMultiplier ${quote(backoffMultiplier)} is not a number above 0`);
  }
  const retryableStatusCodes = readStatusCodes(findings, `${path}.retryableStatusCodes`, fields.retryableStatusCodes);
  if (retryableStatusCodes.length === 0) findings.error(`${path}.retryableStatusCodes is empty, so nothing would be tried again`);
  return {
    maxAttempts,
    initialBackoff: formatDuration(initialBackoff),
    maxBackoff: formatDuration(maxBackoff),
    backoffMultiplier,
    retryableStatusCodes,
  };
}

/** gRFC A6, "Hedging Policy". */
export function readHedgingPolicy(findings: Findings, path: string, value: unknown, attemptsLimit: number): HedgingPolicy {
  const fields = fieldsOf(findings, path, value, ['maxAttempts', 'hedgingDelay', 'nonFatalStatusCodes']);
  const maxAttempts = readMaxAttempts(findings, `${path}.maxAttempts`, fields.maxAttempts, attemptsLimit);
  const hedgingDelay = formatDuration(readDuration(findings, `${path}.hedgingDelay`, fields.hedgingDelay ?? '0s', 0));
  const nonFatalStatusCodes = readStatusCodes(findings, `${path}.nonFatalStatusCodes`, fields.nonFatalStatusCodes ?? []);
  return { maxAttempts, hedgingDelay, nonFatalStatusCodes };
}

/** More than the limit is legal and means the limit (gRFC A6); whoever writes it expects otherwise. */
function readMaxAttempts(findings: Findings, path: string, value: unknown, limit: number): number {
  const wanted = `not a whole number from 2 to ${limit}`;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 2) findings.error(`${path} ${quote(value)} is ${wanted}`);
  if (value > limit) findings.doubt(`${path} ${value} is ${wanted}; the channel option grpc-node.retry_max_attempts_limit is the most that grpc-js makes`);
  return value;
}

function readStatusCodes(findings: Findings, path: string, value: unknown): RetryPolicy['retryableStatusCodes'] {
  return listAt(findings, path, value).map((code, index) => {
    const name = typeof code === 'string' ? code.toUpperCase() : typeof code === 'number' ? status[code] : undefined;
    if (name === undefined || typeof status[name as keyof typeof status] !== 'number') {
      findings.error(`${path}[${index}] ${quote(code)} is not a status code, such as "UNAVAILABLE" or 14`);
    }
    if (name === 'OK') findings.doubt(`${path}[${index}] is OK, which is no failure`);
    return code as string | status;
  });
}
