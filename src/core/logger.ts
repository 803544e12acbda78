/**
 * Where the library says what happened: the shape of pino, so a pino (or bunyan) logger fits as it is.
 * Lines come on transitions (lost, back, skipped), not on each retry.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The default: a library is silent until its user hands it a logger. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
