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

/** The user's logger, unable to harm us: what it throws is swallowed, because there is nowhere left to say it. */
export function guardedLogger(logger: Logger): Logger {
  const guarded =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message);
      } catch {
        // A full disk under the log must not stop a registration from being written again.
      }
    };
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}
