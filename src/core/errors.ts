/**
 * Every error that leaves this library, with the code that programs may switch on.
 * `docs/errors.md` says for each what it means and what to do.
 */
export const errorCodes = [
  'INVALID_CONFIG',
  'UNKNOWN_ADAPTER',
  'UNKNOWN_OPTION',
  'INVALID_SERVICE',
  'INVALID_ADDRESS',
  'INVALID_INSTANCE',
  'RECORD_TOO_LARGE',
  'ALREADY_REGISTERED',
  'SUPERSEDED',
  'NO_ADVERTISABLE_ADDRESS',
  'BIND_FAILED',
  'UNAVAILABLE',
  'TIMEOUT',
  'RESOURCE_EXHAUSTED',
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'ABORTED',
  'CLOSED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Codes for which trying the same thing again later can succeed without anybody changing anything. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'TIMEOUT', 'RESOURCE_EXHAUSTED']);

/** Shared by all copies of the package in one process, so that `instanceof` works across them. */
const brand = Symbol.for('rollcall.RollcallError');

export interface RollcallErrorOptions {
  /** What made this happen, kept for logs; never holds a secret of the configuration. */
  readonly cause?: unknown;
  /** Whether the same call may succeed later. Default: by code (UNAVAILABLE, TIMEOUT, RESOURCE_EXHAUSTED). */
  readonly retryable?: boolean;
}

export class RollcallError extends Error {
  override readonly name = 'RollcallError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options: RollcallErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass asks about itself, in the ordinary way.
    if (this !== RollcallError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }

  /** What a structured logger prints: no stack of the cause, nothing that was not meant to be read. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryable: boolean } {
    return { name: this.name, code: this.code, message: this.message, retryable: this.retryable };
  }
}

/** Whatever was thrown, as one of ours: ours stays itself, anything else becomes INTERNAL with the original as cause. */
export function toRollcallError(error: unknown, context?: string): RollcallError {
  if (error instanceof RollcallError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RollcallError('INTERNAL', context === undefined ? message : `${context}: ${message}`, { cause: error });
}

/** The one wording of law 9: what a thing says when it is used after `close()`. */
export function closedError(what: string): RollcallError {
  return new RollcallError('CLOSED', `${what} is closed`);
}
