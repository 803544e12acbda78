/** Copy this file: Nest's gRPC server, listening and leaving by `serve` of rollcall/grpc. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type GrpcOptions, ServerGrpc } from '@nestjs/microservices';
import { serve, type ServeOptions, type ServingHandle } from 'rollcall/grpc';

export type RollcallServerOptions = Omit<GrpcOptions['options'], 'url' | 'credentials' | 'gracefulShutdown'> & {
  /** Where it registers, listens, and how it stops. Default of `credentials`: none, plain text. */
  readonly serve: Omit<ServeOptions, 'credentials'> & Partial<Pick<ServeOptions, 'credentials'>>;
};

/**
 * A transport strategy. By itself Nest listens before it has added the services, and stops by cutting the calls under way; this one is registered once
 * it can answer, and stops as `serve` does, whether `app.close()` or a signal asks for it.
 */
export class RollcallServer extends ServerGrpc {
  readonly #options: RollcallServerOptions;
  #serving: ServingHandle | undefined;

  constructor(options: RollcallServerOptions) {
    super(options);
    this.#options = options;
  }

  /** As registered; there once `app.listen()` has resolved. */
  get serving(): ServingHandle | undefined {
    return this.#serving;
  }

  /** Nest's own would listen here already. */
  override createClient(): Promise<Server> {
    const { channelOptions, maxSendMessageLength, maxReceiveMessageLength } = this.#options;
    return Promise.resolve(
      new Server({
        ...channelOptions,
        ...this.getKeepaliveOptions(),
        ...(maxSendMessageLength === undefined ? {} : { 'grpc.max_send_message_length': maxSendMessageLength }),
        ...(maxReceiveMessageLength === undefined ? {} : { 'grpc.max_receive_message_length': maxReceiveMessageLength }),
      }),
    );
  }

  override async start(callback?: () => void): Promise<void> {
    await this.bindEvents();
    this.#serving = await serve(this.grpcClient as Server, { credentials: ServerCredentials.createInsecure(), ...this.#options.serve });
    callback?.();
  }

  override async close(): Promise<void> {
    try {
      await this.#serving?.stop();
    } catch (error) {
      // The server is down all the same. Rethrown, this would keep Nest from closing the rest, the connection among them.
      this.logger.error(error);
    }
  }
}
