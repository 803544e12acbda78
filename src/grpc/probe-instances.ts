import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';

import { formatAddress, parseDialableAddress } from '../core/address.js';
import type { ServiceInstance } from '../core/instance.js';
import type { Seconds } from '../core/ports.js';
import { quote } from '../core/quote.js';
import type { ConnectionState } from '../core/selection/explain.js';
import { decodeHealthCheckResponse, encodeHealthCheckRequest } from './health/health-messages.js';

export interface ProbeOptions {
  /** Ask over TLS, trusting these certificates (PEM) or, without any, those that Node trusts. Default: in plain text. */
  readonly tls?: { readonly ca?: Buffer | undefined } | undefined;
  /** The name asked for. Default: the server as a whole. */
  readonly service?: string | undefined;
  /** For each instance. Default 2. */
  readonly timeout?: Seconds | undefined;
}

export interface ProbeResult {
  readonly state: Exclude<ConnectionState, 'connecting'>;
  /** Why, unless it is ready. */
  readonly detail: string;
}

const atOnce = 32;

/**
 * Asks each instance once, over a connection made for that, how it fares (`grpc.health.v1.Health/Check`). A server without the health service is ready.
 * Never rejects: what went wrong is the result.
 *
 * Over HTTP/2 itself: a grpc-js client that is closed while it connects lets go of the connection only when the other side does something,
 * and a server that does nothing is just what one looks for here.
 */
export async function probeInstances(instances: readonly ServiceInstance[], options: ProbeOptions): Promise<ReadonlyMap<string, ProbeResult>> {
  const results = new Map<string, ProbeResult>();
  const waiting = [...instances];
  const work = async (): Promise<void> => {
    for (let instance = waiting.shift(); instance !== undefined; instance = waiting.shift()) results.set(instance.id, await probe(instance, options));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, instances.length) }, work));
  return results;
}

const ready: ProbeResult = { state: 'ready', detail: '' };

async function probe({ address }: ServiceInstance, options: ProbeOptions): Promise<ProbeResult> {
  const { service = '', timeout = 2 } = options;
  let session: ClientHttp2Session | undefined;
  try {
    session = open(address, options);
    const { status, message, body } = await withinTime(session, timeout, ask(session, service));
    if (status === '0') {
      const answer = decodeHealthCheckResponse(body.subarray(5));
      return answer === 'SERVING' ? ready : { state: 'unhealthy', detail: `it says that it is ${answer}` };
    }
    if (status === '12') return ready;
    if (status === '5') return { state: 'unhealthy', detail: `it knows no service ${quote(service)}` };
    return { state: 'failing', detail: `the health check failed with status ${status ?? 'none'}${message === '' ? '' : `: ${message}`}` };
  } catch (error) {
    return { state: 'failing', detail: (error as Error).message };
  } finally {
    session?.destroy();
  }
}

function open(address: string, { tls }: ProbeOptions): ClientHttp2Session {
  const parsed = parseDialableAddress(address);
  const authority = parsed.kind === 'unix' ? 'localhost' : formatAddress(parsed.host, parsed.port);
  return connect(`${tls === undefined ? 'http' : 'https'}://${authority}`, {
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(parsed.kind === 'unix' ? { createConnection: () => connectSocket(parsed.path) } : {}),
  });
}

/** A session that fails may leave its streams without a word. */
function withinTime<T>(session: ClientHttp2Session, seconds: Seconds, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no answer within ${seconds} s`));
    }, seconds * 1000);
    session.once('error', reject);
    session.once('close', () => {
      reject(new Error('the connection was closed'));
    });
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

interface Answer {
  readonly status: string | undefined;
  readonly message: string;
  readonly body: Buffer;
}

/** One unary call as the protocol has it (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
function ask(session: ClientHttp2Session, service: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream: ClientHttp2Stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    });
    const chunks: Buffer[] = [];
    let headers: Readonly<Record<string, unknown>> = {};
    // The status comes with the first headers where there is nothing else to say, after the message otherwise.
    for (const event of ['response', 'trailers']) {
      stream.on(event, (more: Readonly<Record<string, unknown>>) => {
        headers = { ...headers, ...more };
      });
    }
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('close', () => {
      const { 'grpc-status': status, 'grpc-message': message } = headers;
      resolve({ status: typeof status === 'string' ? status : undefined, message: typeof message === 'string' ? message : '', body: Buffer.concat(chunks) });
    });
    const message = encodeHealthCheckRequest(service);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([head, message]));
  });
}
