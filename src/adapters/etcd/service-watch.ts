import type { RollcallError } from '../../core/errors.js';
import type { RecordChange } from '../../core/service-feed.js';
import { keyText, prefixRange } from './key-range.js';
import { owns, type ReadPlace, type RecordCodec } from './record-codec.js';
import type { EtcdTransport, WatchResponse } from './transport.js';
import type { WatchHandlers, WatchStream } from './watch-stream.js';

/** Whose watch it is. */
export interface ServiceWatchOwner {
  readonly service: string;
  /** etcd has accepted the watch: from here on nothing is missed. */
  watching(): void;
  changed(changes: readonly RecordChange[], revision: string): void;
  /** The watch is over, and not by its disposal. Called once, perhaps before the call that opened it returns. */
  ended(reason: RollcallError): void;
}

export interface ServiceWatchDeps {
  readonly watches: WatchStream;
  readonly codec: RecordCodec;
}

/** Watches a service in all places, from that revision on. */
export function watchService(owner: ServiceWatchOwner, transport: EtcdTransport, places: readonly ReadPlace[], from: string, deps: ServiceWatchDeps): Disposable {
  const [only] = places;
  if (places.length === 1 && only !== undefined) return new PlaceWatch(owner, only, deps.codec).open(deps.watches, transport, from);
  return new WatchOfPlaces(owner, transport, places, from, deps);
}

/** A service in one place. An object, and no closures: there may be thousands of them. */
class PlaceWatch implements WatchHandlers, Disposable {
  readonly #owner: ServiceWatchOwner;
  readonly #place: ReadPlace;
  readonly #codec: RecordCodec;
  #watch: Disposable | undefined;

  constructor(owner: ServiceWatchOwner, place: ReadPlace, codec: RecordCodec) {
    this.#owner = owner;
    this.#place = place;
    this.#codec = codec;
  }

  open(watches: WatchStream, transport: EtcdTransport, from: string): this {
    const range = prefixRange(`${this.#place.root}${this.#owner.service}/`);
    this.#watch = watches.open(transport, { ...range, start_revision: from }, this);
    return this;
  }

  created(): void {
    this.#owner.watching();
  }

  events(events: WatchResponse['events'], revision: string): void {
    // Keyed, so that of several events of one key the last one stands.
    const changes = new Map<string, RecordChange>();
    for (const { type, kv } of events) {
      if (!owns(this.#place, kv.key)) continue;
      const key = keyText(kv.key);
      const record = type === 'Delete' ? undefined : this.#codec.read(this.#place, this.#owner.service, kv);
      changes.set(key, record ?? { key, deleted: true });
    }
    this.#owner.changed([...changes.values()], revision);
  }

  ended(reason: RollcallError): void {
    this.#owner.ended(reason);
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}

/** A service in several places: one that ended takes the others with it, for the list that follows is one of all places. */
class WatchOfPlaces implements ServiceWatchOwner, Disposable {
  readonly service: string;
  readonly #owner: ServiceWatchOwner;
  readonly #watches: Disposable[] = [];
  #awaited: number;
  #over = false;

  constructor(owner: ServiceWatchOwner, transport: EtcdTransport, places: readonly ReadPlace[], from: string, { watches, codec }: ServiceWatchDeps) {
    this.service = owner.service;
    this.#owner = owner;
    this.#awaited = places.length;
    for (const place of places) {
      this.#watches.push(new PlaceWatch(this, place, codec).open(watches, transport, from));
      // It may have ended before we held it.
      if (this.#isOver()) {
        this.#stop();
        return;
      }
    }
  }

  watching(): void {
    if (--this.#awaited === 0) this.#owner.watching();
  }

  changed(changes: readonly RecordChange[], revision: string): void {
    this.#owner.changed(changes, revision);
  }

  ended(reason: RollcallError): void {
    if (this.#over) return;
    this.#stop();
    this.#owner.ended(reason);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #isOver(): boolean {
    return this.#over;
  }

  #stop(): void {
    this.#over = true;
    for (const watch of this.#watches.splice(0)) watch[Symbol.dispose]();
  }
}
