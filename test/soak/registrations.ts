import type { RegistrationState, ServiceInstance } from '../../src/core/index.js';
import { keyOf, textOf } from './stored-record.js';

/** One `register` of one client, and what is known of it. */
export class SoakRegistration {
  readonly name: string;
  readonly client: string;
  readonly service: string;
  readonly id: string;
  /** The last that was asked for. */
  weight: number;
  /** `undefined` until it is registered. */
  state: RegistrationState | undefined;
  /** When it was told to go; 0 where it never came about. */
  leftAt: number | undefined;
  /** Settles with its `register`. */
  registered: Promise<unknown> = Promise.resolve();

  constructor(name: string, client: string, service: string, id: string, weight: number) {
    this.name = name;
    this.client = client;
    this.service = service;
    this.id = id;
    this.weight = weight;
  }

  get key(): string {
    return keyOf(this.service, this.id);
  }

  /** Whether its record belongs in etcd. */
  get wanted(): boolean {
    return this.leftAt === undefined && (this.state === 'active' || this.state === 'recovering');
  }

  /** What etcd holds if all is well. */
  get text(): string {
    const instance: ServiceInstance = { service: this.service, id: this.id, address: '10.0.0.1:8000', weight: this.weight, metadata: { registration: this.name } };
    return textOf(instance);
  }

  leave(): void {
    this.leftAt ??= performance.now();
  }

  /** Its `register` failed. */
  neverWas(): void {
    this.leftAt = 0;
  }
}

/** All registrations, by their names, which stand in their records. */
export class Registrations {
  readonly #all = new Map<string, SoakRegistration>();
  #count = 0;

  /** How many there have ever been. */
  get count(): number {
    return this.#count;
  }

  add(client: string, service: string, id: string, weight: number): SoakRegistration {
    const registration = new SoakRegistration(`${client}.${++this.#count}`, client, service, id, weight);
    this.#all.set(registration.name, registration);
    return registration;
  }

  get(name: string | undefined): SoakRegistration | undefined {
    return name === undefined ? undefined : this.#all.get(name);
  }

  of(client: string): SoakRegistration[] {
    return [...this.#all.values()].filter((each) => each.client === client);
  }

  /** What the client holds under this key, as far as we know. */
  held(client: string, key: string): SoakRegistration | undefined {
    return this.of(client).find((each) => each.key === key && each.leftAt === undefined && each.state !== 'superseded');
  }

  /** Forgets those that are over. To be called when none of them has a record in etcd any more. */
  forget(): void {
    for (const [name, { leftAt, state }] of this.#all) if (leftAt !== undefined || state === 'superseded') this.#all.delete(name);
  }
}
