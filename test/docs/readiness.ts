import { type Discovery, type Registration, RollcallError } from 'rollcall';

/** What a status page says about a service that we depend on. */
export async function statusOf(discovery: Pick<Discovery, 'get'>, service: string): Promise<string> {
  try {
    const { instances } = await discovery.get(service);
    return instances.length === 0 ? 'nobody there' : `${instances.length} up`;
  } catch (error) {
    if (error instanceof RollcallError && error.retryable) return 'unknown';
    throw error;
  }
}

/** Keeps a readiness flag: up while our own registration is stored, as far as we know. */
export function reportReadiness(registration: Pick<Registration, 'state' | 'subscribe'>, setReady: (ready: boolean) => void): Disposable {
  setReady(registration.state === 'active');
  return registration.subscribe((state) => setReady(state === 'active'));
}
