/** The public face of core: the ports and words, and the parts that an adapter is built from. */
export type { Adapter, AdapterDeps, AdapterEntry, Backend, RegistryUrl } from './adapter.js';
export { type Address, formatAddress, parseAddress, parseDialableAddress } from './address.js';
export { Backoff, type BackoffOptions } from './backoff.js';
export { closeInOrder, type ClosingStep } from './close-in-order.js';
export { type Clock, systemClock } from './clock.js';
export { ConnectionMonitor, type ConnectionMonitorDeps } from './connection-monitor.js';
export type { DiagnosticMessages } from './diagnostics.js';
export { type ErrorCode, errorCodes, RollcallError, type RollcallErrorOptions } from './errors.js';
export {
  createInstance,
  defaultWeight,
  type InstanceChange,
  type InstanceInit,
  instanceFromRecord,
  maxRecordBytes,
  maxWeight,
  type ServiceInstance,
} from './instance.js';
export type { LeaseEvents, LeaseStore, RecordWrite, WriteOutcome } from './lease-store.js';
export { LeasedRegistry, type RegistryDeps } from './leased-registry.js';
export { guardedLogger, type Logger, silentLogger } from './logger.js';
export { custom, flag, number, oneOf, type Option, type OptionSpecs, type OptionValues, parseOptions, text } from './options.js';
export type {
  Cancellable,
  Discovery,
  RegisterOptions,
  Registration,
  RegistrationDetail,
  RegistrationState,
  Registry,
  Seconds,
  Watch,
} from './ports.js';
export { type Random, systemRandom } from './random.js';
export { recordLayout } from './record-layout.js';
export { recordRevision } from './record-revision.js';
export * from './selection/index.js';
export type { FeedSink, RecordChange, RecordState } from './service-feed.js';
export { parseServiceName } from './service-name.js';
export { type DiscoveryDeps, type Listing, SharedDiscovery, type SnapshotSource } from './shared-discovery.js';
export type { SkippedRecord, Snapshot } from './snapshot.js';
export type { DiscoveryCounters, DiscoveryStatus, KeepaliveTimes, PortState, PortStatus, RegistryCounters, RegistryStatus } from './status.js';
