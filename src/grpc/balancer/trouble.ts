/** Those of whom the same is to be said. */
export interface Troubled {
  readonly count: number;
  /** What the last of them said. */
  readonly detail: string;
}

/** Why no call can be made, in words, where every instance is failing or unhealthy. */
export function describeTrouble(failing: Troubled, unhealthy: Troubled): string {
  const total = failing.count + unhealthy.count;
  if (unhealthy.count === 0) return `${total === 1 ? 'the one instance cannot' : `none of ${total} instances can`} be reached: ${failing.detail}`;
  if (total === 1) return `the one instance cannot be called: ${unhealthy.detail}`;
  if (failing.count === 0) return `none of ${total} instances can be called: all are unhealthy: ${unhealthy.detail}`;
  return `none of ${total} instances can be called: ${unhealthy.count} unhealthy: ${unhealthy.detail}; ${failing.count} cannot be reached: ${failing.detail}`;
}
