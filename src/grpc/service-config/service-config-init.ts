/**
 * A service config as it is written (https://github.com/grpc/grpc/blob/master/doc/service_config.md), with those fields only that have an
 * effect in grpc-js or here. Durations are texts such as "0.25s"; status codes are names such as "UNAVAILABLE", or numbers.
 */
export interface ServiceConfigInit {
  readonly methodConfig?: readonly MethodConfigInit[] | undefined;
  /** Policies in order of preference. For the policies of this package the option `policy` is shorter. Default: `rollcall_round_robin`. */
  readonly loadBalancingConfig?: readonly Readonly<Record<string, object>>[] | undefined;
  /** The older field: one policy by its name, without configuration. */
  readonly loadBalancingPolicy?: string | undefined;
  readonly retryThrottling?: RetryThrottlingInit | undefined;
  /** With a `serviceName` (`""`: the server as a whole) the health of each connection is checked (gRFC A17). Default: it is not. */
  readonly healthCheckConfig?: { readonly serviceName?: string | undefined } | undefined;
}

/** What holds for some methods. Of all entries one applies to a call, as a whole: method before service before `{}`. */
export interface MethodConfigInit {
  /** `{ service, method }`, `{ service }` for all its methods, or `{}` for all calls. Each name may stand in one entry only. */
  readonly name: readonly { readonly service?: string | undefined; readonly method?: string | undefined }[];
  /** How long a call may take, retries included; an earlier deadline of the call's own goes first. At least "0.001s". Default: no limit. */
  readonly timeout?: string | { readonly seconds: number; readonly nanos: number } | undefined;
  /** Tries a failed call again (gRFC A6). Not together with `hedgingPolicy`. */
  readonly retryPolicy?: RetryPolicyInit | undefined;
  /** Sends a call to several servers and takes the first answer (gRFC A6): only for methods that may run twice. */
  readonly hedgingPolicy?: HedgingPolicyInit | undefined;
}

export interface RetryPolicyInit {
  /** With the first one, from 2 to 5. */
  readonly maxAttempts: number;
  /** Pause before the second attempt, give or take a fifth. */
  readonly initialBackoff: string;
  readonly maxBackoff: string;
  /** Each pause is so many times the one before. */
  readonly backoffMultiplier: number;
  /** Which failures are tried again; at least one. */
  readonly retryableStatusCodes: readonly (string | number)[];
}

export interface HedgingPolicyInit {
  /** With the first one, from 2 to 5. */
  readonly maxAttempts: number;
  /** Time from one attempt to the next. Default "0s": all at once. */
  readonly hedgingDelay?: string | undefined;
  /** Failures that make the next attempt start at once; any other failure ends the call. Default: none. */
  readonly nonFatalStatusCodes?: readonly (string | number)[] | undefined;
}

/** Stops retries while most calls fail (gRFC A6). Shared by all channels of the process with the same target. */
export interface RetryThrottlingInit {
  /** Above 0, up to 1000. A failed call costs 1; with half of them gone, nothing is tried again. */
  readonly maxTokens: number;
  /** What a successful call gives back; at least 0.001. */
  readonly tokenRatio: number;
}
