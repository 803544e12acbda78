/**
 * Preloaded into the `rollcall` process by tests: lets the test register and deregister instances in the memory
 * registry `memory:roll` of that process, by messages. `{ register: init }`, `{ deregister: id }`.
 */
import { connect } from '../../src/connect.js';
import { type Clock, systemClock } from '../../src/core/clock.js';
import type { InstanceInit } from '../../src/core/instance.js';
import type { Registration } from '../../src/core/ports.js';

interface Message {
  readonly register?: InstanceInit;
  readonly deregister?: string;
}

// Only the command itself decides how long the process runs.
const clock: Clock = { ...systemClock, setTimer: (callback, ms) => systemClock.setTimer(callback, ms, { unref: true }) };
const backend = await connect('memory:roll', { clock });
const registrations = new Map<string, Registration>();

async function obey({ register, deregister }: Message): Promise<void> {
  if (register !== undefined) {
    const registration = await backend.registry.register(register);
    registrations.set(registration.instance.id, registration);
  }
  if (deregister !== undefined) await registrations.get(deregister)?.deregister();
  process.send?.('done');
}

process.on('message', (message: Message) => void obey(message));
process.channel?.unref();
