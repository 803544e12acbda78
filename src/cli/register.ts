import { RollcallError } from '../core/errors.js';
import { createInstance, type InstanceInit, type ServiceInstance } from '../core/instance.js';
import { parseTtl } from '../core/leased-registry.js';
import type { Registration, RegistrationDetail, RegistrationState } from '../core/ports.js';
import type { CommandContext, CommonOptions, StopSignal } from './context.js';
import { echoMs, RegistrationEnd } from './registration-end.js';
import { jsonLine, type RegistrationEvent, registrationJson } from './output/json.js';
import { duration, painter, printable, type Style } from './output/terminal.js';
import { interruptedError } from './stop-request.js';

export interface RegisterCommandOptions extends CommonOptions {
  readonly instance: InstanceInit;
  /** Seconds. */
  readonly ttl?: number | undefined;
  /** What stood after `--`; empty if nothing did. */
  readonly command: readonly string[];
}

/**
 * `rollcall register <service> <address>`.
 *
 *     registering → registered ──signal, or the command ended──→ deregistering → done
 *                        └──────superseded (the command is stopped)───────────→ failed
 *
 * A signal while registering gives up; another signal while deregistering ends the process at once.
 */
export async function register(context: CommandContext, options: RegisterCommandOptions): Promise<0> {
  // Wrong usage is told before anything is opened.
  createInstance(options.instance);
  const ttl = options.ttl === undefined ? undefined : parseTtl(options.ttl);
  const giveUp = new AbortController();
  let onSignal: OnSignal = () => {
    giveUp.abort(interruptedError());
  };
  // One subscription throughout: in a gap between two, a signal would end the process without deregistering.
  const subscription = context.signals.subscribe((signal) => {
    onSignal(signal);
  });
  try {
    const { signal } = giveUp;
    const backend = await context.connect(options.registry, { clock: context.clock, signal });
    try {
      const registration = await backend.registry.register(options.instance, { ttl, signal });
      const end = new RegistrationEnd(context, options.command);
      let signalledAt = -Infinity;
      onSignal = (name) => {
        signalledAt = context.clock.monotonic();
        end.onSignal(name);
      };
      const following = follow(context, registration, options, end);
      try {
        const failure = await end.wait();
        onSignal = () => {
          if (context.clock.monotonic() - signalledAt >= echoMs) context.exit(1);
        };
        if (registration.state !== 'superseded') {
          await registration.deregister();
          following.tell('deregistered', context.clock.now());
        }
        if (failure !== undefined) throw failure;
      } finally {
        following.subscription[Symbol.dispose]();
      }
    } finally {
      await backend.close();
    }
  } finally {
    subscription[Symbol.dispose]();
  }
  return 0;
}

/** Tells of each state the registration enters, the present one first. */
function follow(context: CommandContext, registration: Registration, options: CommonOptions, end: RegistrationEnd): { readonly tell: Tell; readonly subscription: Disposable } {
  const tell = teller(context, registration.instance, options);
  const onState = (state: RegistrationState, { since, reason }: RegistrationDetail): void => {
    // It closes because we deregister it, which is told once it is done.
    if (state === 'closed') return;
    tell(state === 'active' ? 'registered' : state, since, reason);
    if (state === 'superseded') end.onSuperseded(reason ?? new RollcallError('SUPERSEDED', 'a newer owner registered the same id'));
  };
  const subscription = registration.subscribe(onState);
  tell('registered', context.clock.now());
  if (registration.state !== 'active') onState(registration.state, registration.detail);
  return { tell, subscription };
}

const styles: Readonly<Record<RegistrationEvent, Style>> = { registered: 'green', recovering: 'yellow', superseded: 'red', deregistered: 'dim' };

type OnSignal = (signal: StopSignal) => void;
type Tell = (event: RegistrationEvent, time: number, reason?: RollcallError) => void;

function teller({ stdout, clock }: CommandContext, instance: ServiceInstance, { json }: CommonOptions): Tell {
  const begun = clock.now();
  const paint = painter(stdout.colour);
  const { service, id, address } = instance;
  const what = `${printable(service)} ${printable(id)}${id === address ? '' : ` at ${printable(address)}`}`;
  return (event, time, reason) => {
    if (json === true) {
      stdout.write(jsonLine(registrationJson(event, instance, time)));
      return;
    }
    const when = paint('dim', duration(time - begun).padStart(6));
    stdout.write(`${when}  ${paint(styles[event], event)} ${what}${reason === undefined ? '' : ` because ${printable(reason.message)}`}\n`);
  };
}
