import { experimental } from '@grpc/grpc-js';

type Listener = ConstructorParameters<Parameters<typeof experimental.registerResolver>[1]>[1];

/** Has one channel call the endpoints as they are given: the least that a resolver can do, so that what is measured is the policy behind it. */
export class GivenEndpoints {
  readonly target: string;
  #listener: Listener | undefined;
  #endpoints: readonly experimental.Endpoint[];

  constructor(scheme: string, endpoints: readonly experimental.Endpoint[]) {
    this.target = `${scheme}:///given`;
    this.#endpoints = endpoints;
    experimental.registerResolver(scheme, resolverClass((listener) => {
      this.#listener = listener;
      this.set(this.#endpoints);
    }));
  }

  set(endpoints: readonly experimental.Endpoint[]): void {
    this.#endpoints = endpoints;
    // Never from within a call of grpc-js.
    setImmediate(() => this.#listener?.(experimental.statusOrFromValue([...endpoints]), {}, null, ''));
  }
}

function resolverClass(started: (listener: Listener) => void): Parameters<typeof experimental.registerResolver>[1] {
  return class implements experimental.Resolver {
    readonly #listener: Listener;
    #started = false;

    constructor(_target: experimental.GrpcUri, listener: Listener) {
      this.#listener = listener;
    }

    updateResolution(): void {
      if (!this.#started) started(this.#listener);
      this.#started = true;
    }

    destroy(): void {
      this.#started = false;
    }

    static getDefaultAuthority(): string {
      return 'given';
    }
  };
}
