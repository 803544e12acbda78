/** What the examples share of a command line: --help, and status 2 for one that makes no sense. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

export function readCommandLine<const O extends Options>(usage: string, options: O): Values<O> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if ('help' in values && values.help === true) {
      console.log(usage);
      process.exit(0);
    }
    return values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), usage);
  }
}

export function readWholeNumber(flag: string, text: string, usage: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : refuse(`${flag} ${text}: not a whole number`, usage);
}

/** The scheme of targets for a registry: `etcd` for etcd://… and etcds://…, `memory` for memory:… */
export function schemeOf(registryUrl: string): string {
  return registryUrl.replace(/:.*$/s, '').toLowerCase().replace(/^etcds$/, 'etcd');
}

/** Runs the program; a failure becomes a message on standard error and status 1. */
export async function run(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

function refuse(message: string, usage: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}
