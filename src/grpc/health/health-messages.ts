/**
 * The two messages of `grpc.health.v1.Health/Watch`, written out: one string and one enum. A library that reads proto files
 * would cost every client its loading, and its megabytes, for these few bytes.
 */

/** What a server says of a service (grpc.health.v1.HealthCheckResponse.ServingStatus). */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

const statuses: readonly ServingStatus[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

const varintType = 0;
const lengthType = 2;

/** `message HealthCheckRequest { string service = 1; }` */
export function encodeHealthCheckRequest(service: string): Buffer {
  const text = Buffer.from(service, 'utf8');
  return Buffer.concat([Buffer.from([(1 << 3) | lengthType, ...encodeVarint(text.length)]), text]);
}

/**
 * `message HealthCheckResponse { ServingStatus status = 1; }`. Fields that a later version may add are passed over.
 * @throws Error for bytes that are no such message.
 */
export function decodeHealthCheckResponse(bytes: Uint8Array): ServingStatus {
  let status: ServingStatus = 'UNKNOWN';
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (tag === ((1 << 3) | varintType)) status = statuses[reader.varint()] ?? 'UNKNOWN';
    else reader.skip(tag & 7);
  }
  return status;
}

function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 128);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): number {
    let value = 0;
    for (let place = 1; ; place *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('a health check response ends in the middle of a field');
      value += (byte & 127) * place;
      if (byte < 128) return value;
    }
  }

  skip(wireType: number): void {
    if (wireType === varintType) this.varint();
    else if (wireType === lengthType) this.#advance(this.varint());
    else if (wireType === 1) this.#advance(8);
    else if (wireType === 5) this.#advance(4);
    else throw new Error(`a health check response has a field of the unknown wire type ${wireType}`);
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new Error('a health check response ends in the middle of a field');
  }
}
