import type { Server } from '@grpc/grpc-js';

/**
 * The full names of the services that were added to a server, such as `simple.Simple`. grpc-js tells nobody, so this looks at the
 * table of its handlers, whose keys are the paths of the methods: `/simple.Simple/Route`.
 */
export function serviceNames(server: Server): readonly string[] {
  const { handlers } = server as unknown as { readonly handlers?: unknown };
  if (!(handlers instanceof Map)) return [];
  const names = [...(handlers as ReadonlyMap<string, unknown>).keys()].map((path) => path.slice(1, path.lastIndexOf('/')));
  return [...new Set(names)];
}
