import { quote } from '../../core/quote.js';
import type { Findings } from './findings.js';

export interface Duration {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * The longest that is passed on. Node's timers overflow after 24.8 days: grpc-js takes a longer timeout for none, and a longer backoff
 * would be over at once.
 */
const longest: Duration = { seconds: 1_000_000, nanos: 0 };

/**
 * A duration in protobuf's JSON, "0.25s", or as `{ seconds, nanos }`. grpc-js 1.14 takes the digits after the point for nanoseconds ("0.1s"
 * is one nanosecond to it), which is why texts are not left to it.
 * @param least in milliseconds
 */
export function readDuration(findings: Findings, path: string, value: unknown, least: number): Duration {
  const duration = typeof value === 'string' ? fromText(value) : fromObject(value);
  if (duration === undefined) findings.error(`${path} ${quote(value)} is not a duration such as "1.5s"`);
  const ms = millisecondsOf(duration);
  if (ms < least) {
    findings.error(`${path} ${quote(formatDuration(duration))} is too short: ${least >= 1 ? `at least "${least / 1000}s"` : 'it must be above 0'}`);
  }
  if (ms <= millisecondsOf(longest)) return duration;
  findings.doubt(`${path} ${quote(formatDuration(duration))} is longer than a timer can be; "${longest.seconds}s" is the most`);
  return longest;
}

export function millisecondsOf({ seconds, nanos }: Duration): number {
  return seconds * 1000 + nanos / 1e6;
}

/** "0.25s", exactly. */
export function formatDuration({ seconds, nanos }: Duration): string {
  return nanos === 0 ? `${seconds}s` : `${seconds}.${String(nanos).padStart(9, '0').replace(/0+$/, '')}s`;
}

function fromText(text: string): Duration | undefined {
  const match = /^(\d+)(?:\.(\d{1,9}))?s$/.exec(text);
  if (match === null) return undefined;
  return { seconds: Number(match[1]), nanos: Number((match[2] ?? '').padEnd(9, '0')) };
}

function fromObject(value: unknown): Duration | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { seconds, nanos = 0 } = value as { readonly seconds?: unknown; readonly nanos?: unknown };
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0) return undefined;
  if (typeof nanos !== 'number' || !Number.isInteger(nanos) || nanos < 0 || nanos > 999_999_999) return undefined;
  return { seconds, nanos };
}
