import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { Command, InvalidArgumentError } from 'commander';

import { RollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { CommandContext, CommonOptions, ExitStatus } from './context.js';
import { explain, type ExplainFlags } from './explain.js';
import { complain, reportFailure } from './failure.js';
import { list, type ListFlags } from './list.js';
import { register } from './register.js';
import { watch } from './watch.js';

interface RegisterFlags extends CommonOptions {
  readonly id?: string;
  readonly ttl?: number;
  readonly weight?: number;
  readonly version?: string;
  readonly zone?: string;
  readonly meta?: ReadonlyMap<string, string>;
}

/** Runs `rollcall` with the arguments after its name, and gives the status to exit with. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitStatus> {
  const { own, command } = splitCommand(argv);
  try {
    await program(context, command).parseAsync(own, { from: 'user' });
    // A stream tells of a write that failed a moment after it.
    await setImmediate();
    if (context.stdout.closed.reason instanceof RollcallError) throw context.stdout.closed.reason;
    return 0;
  } catch (error) {
    return reportFailure(error, context.stderr);
  }
}

/** What follows `--` is not ours to parse; Commander would take it for arguments of `register`. */
function splitCommand(argv: readonly string[]): { readonly own: readonly string[]; readonly command: readonly string[] | undefined } {
  const dashes = argv[0] === 'register' ? argv.indexOf('--') : -1;
  return dashes < 0 ? { own: argv, command: undefined } : { own: argv.slice(0, dashes), command: argv.slice(dashes + 1) };
}

function program(context: CommandContext, command: readonly string[] | undefined): Command {
  const root = new Command('rollcall')
    .description('Registers gRPC servers in a registry, and shows who is there.')
    .version(packageVersion(), '-V, --version', 'show the version of rollcall')
    // Before the command only: `register --version` is the version of the instance.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        context.stdout.write(text);
      },
      writeErr: (text) => {
        context.stderr.write(text);
      },
      outputError: (text) => {
        complain(text.replace(/^error: /, ''), context.stderr);
      },
      getOutHelpWidth: () => context.stdout.columns,
      getErrHelpWidth: () => context.stderr.columns,
      getOutHasColors: () => context.stdout.colour,
      getErrHasColors: () => context.stderr.colour,
    })
    .addHelpText('after', examples('rollcall list --registry etcd://127.0.0.1:2379', 'rollcall register --help'));

  common(root.command('register'))
    .summary('register an instance and keep it registered')
    .description('Registers an instance, keeps it registered until SIGINT or SIGTERM, or until the command after -- ends, then deregisters it.')
    .usage('<service> <address> [options] [-- command args...]')
    .argument('<service>', 'logical name of the service')
    .argument('<address>', 'where clients dial it: host:port, [ipv6]:port or unix:path')
    .option('--id <id>', 'identity within the service (default: the address)')
    .option('--ttl <seconds>', 'how long the record outlives this process if it is killed (default: the registry’s)', wholeNumber)
    .option('--weight <weight>', 'share of calls relative to the others, 0 to 65535 (default: 100)', wholeNumber)
    .option('--version <version>', 'version of the server')
    .option('--zone <zone>', 'where it runs')
    .option('--meta <key=value...>', 'metadata; repeat it, or give several after the address', metadata)
    .addHelpText(
      'after',
      examples('rollcall register simple_grpc 10.0.0.1:8000 --weight 50 --meta lane=canary', 'rollcall register simple_grpc localhost:8000 -- node server.js'),
    )
    .action(async (service: string, address: string, flags: RegisterFlags) => {
      if (command !== undefined && (command[0] ?? '') === '') throw new RollcallError('INVALID_CONFIG', 'there is no command after --');
      const { id, ttl, weight, version, zone, meta, ...rest } = flags;
      const instance = { service, address, id, weight, version, zone, metadata: meta === undefined ? undefined : Object.fromEntries(meta) };
      await register(context, { ...rest, ttl, instance, command: command ?? [] });
    });

  common(root.command('list'))
    .summary('show the instances of a service, or all services')
    .description('Shows the instances of a service, or the names of all services.')
    .argument('[service]', 'logical name of the service')
    .option('--all', 'whoever wrote them: in every layout, under every prefix that some framework uses by default, and the registry’s own')
    .addHelpText('after', examples('rollcall list', 'rollcall list simple_grpc --json', 'rollcall list --all --registry etcd://127.0.0.1:2379'))
    .action(async (service: string | undefined, options: ListFlags) => {
      await list(context, service, options);
    });

  common(root.command('watch'))
    .summary('show the instances of a service, then each change')
    .description('Shows the instances of a service, then each change, until SIGINT or SIGTERM.')
    .argument('<service>', 'logical name of the service')
    .addHelpText('after', examples('rollcall watch simple_grpc', 'rollcall watch simple_grpc --json | jq .added'))
    .action(async (service: string, options: CommonOptions) => {
      await watch(context, service, options);
    });

  common(root.command('explain'))
    .summary('show which instances of a service are called, and why not the others')
    .description('Shows for each record of a service whether a client would call it, why not, and which share of the calls it gets.')
    .argument('<service>', 'logical name of the service')
    .option('--policy <policy>', 'how the client balances: round_robin, weighted_round_robin, least_request, or JSON such as {"ring_hash":{"metadataKey":"user-id"}}')
    .option('--filter <filter>', 'whom the client calls at all, such as version=1.4.*,lane=canary|beta')
    .option('--zone <zone>', 'the zone that the client prefers')
    .option('--subset <size>', 'how many instances the client calls', wholeNumber)
    .option('--client-key <key>', 'who the client is, for its subset')
    .option('--check-health [name]', 'ask each instance how it fares (grpc.health.v1), about the server or the service of that name')
    .option('--ca <file>', 'ask over TLS, trusting the certificates of this file')
    .addHelpText('after', examples('rollcall explain simple_grpc', 'rollcall explain simple_grpc --filter lane=canary --check-health'))
    .action(async (service: string, flags: ExplainFlags) => {
      await explain(context, service, flags);
    });

  return root;
}

function common(command: Command): Command {
  return command
    .option('--registry <url>', 'such as etcd://h1:2379,h2:2379/prefix (default: $ROLLCALL_REGISTRY)')
    .option('--json', 'one JSON object a line, for programs');
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(value);
}

function metadata(value: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const equals = value.indexOf('=');
  if (equals <= 0) throw new InvalidArgumentError('It is not key=value.');
  const key = value.slice(0, equals);
  if (before.has(key)) throw new InvalidArgumentError(`The key ${quote(key)} is given twice.`);
  return new Map(before).set(key, value.slice(equals + 1));
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
