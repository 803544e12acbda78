/** A client in a process of its own, which can die without a goodbye and be suspended. It ends with the process that forked it. */
import type { FromChild, ToChild } from './messages.js';
import { SoakClient } from './soak-client.js';

let client: Promise<SoakClient> | undefined;

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

async function take(message: ToChild): Promise<void> {
  if ('start' in message) {
    client = SoakClient.connect(message.start, tell);
    await client;
    tell({ started: true });
    return;
  }
  const answer = await (await client)?.run(message.command);
  if (answer !== undefined) tell({ number: message.number, answer });
  // The last word: nothing of the library may keep this process alive now.
  if (message.command.do === 'close') process.disconnect();
}

function broken(kind: string, error: unknown): void {
  tell({ event: 'broken', what: `${kind} in a client: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` });
}

process.on('message', (message: ToChild) => void take(message).catch((error: unknown) => broken('a failure', error)));
process.on('unhandledRejection', (error) => broken('an unhandled rejection', error));
process.on('uncaughtException', (error) => broken('an uncaught exception', error));
// Ctrl-C reaches the whole group; the parent closes us in order.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  // With the parent gone nobody waits for us. After our own goodbye we end by ourselves, or are found not to.
  if (client !== undefined) setTimeout(() => process.exit(3), 5000).unref();
});
