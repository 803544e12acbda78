/** The fields of a policy's configuration. What is thrown here grpc-js puts after the policy's name. */
export function configFields(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('its configuration is not an object');
  return json as Readonly<Record<string, unknown>>;
}
