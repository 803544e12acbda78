import { quote } from '../../core/quote.js';
import type { RetryThrottling } from './checked.js';
import { fieldsOf, type Findings } from './findings.js';

/** gRFC A6, "Throttling Retry Attempts and Hedged RPCs". Decimals beyond the third are cut off, as there. */
export function readRetryThrottling(findings: Findings, path: string, value: unknown): RetryThrottling {
  const { maxTokens, tokenRatio } = fieldsOf(findings, path, value, ['maxTokens', 'tokenRatio']);
  return {
    maxTokens: readDecimal(findings, `${path}.maxTokens`, maxTokens, 1000),
    tokenRatio: readDecimal(findings, `${path}.tokenRatio`, tokenRatio, Number.MAX_SAFE_INTEGER),
  };
}

function readDecimal(findings: Findings, path: string, value: unknown, most: number): number {
  const decimal = typeof value === 'number' ? Math.floor(value * 1000 + 1e-6) / 1000 : Number.NaN;
  if (!(decimal > 0 && decimal <= most)) findings.error(`${path} ${quote(value)} is not a number from 0.001${most === 1000 ? ' to 1000' : ' up'}`);
  return decimal;
}
