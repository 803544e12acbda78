/**
 * The one place that touches `grpc.experimental`, which changed in almost every minor of grpc-js
 * (hence the peer range >=1.14.0 <1.15.0). Everything else under src/grpc takes these names from here.
 */
import { experimental } from '@grpc/grpc-js';

export type CallStream = experimental.CallStream;
export type ChannelControlHelper = experimental.ChannelControlHelper;
export type ConnectivityStateListener = experimental.ConnectivityStateListener;
export type Endpoint = experimental.Endpoint;
export type GrpcUri = experimental.GrpcUri;
export type LeafLoadBalancer = experimental.LeafLoadBalancer;
export type LoadBalancer = experimental.LoadBalancer;
export type PickArgs = experimental.PickArgs;
export type Picker = experimental.Picker;
export type PickResult = experimental.PickResult;
export type Resolver = experimental.Resolver;
export type ResolverListener = experimental.ResolverListener;
export type StatusOr<T> = experimental.StatusOr<T>;
export type SubchannelAddress = experimental.SubchannelAddress;
export type SubchannelInterface = experimental.SubchannelInterface;
export type TypedLoadBalancingConfig = experimental.TypedLoadBalancingConfig;

/** What `getChannel()` of a subchannel gives: the interface, of which the exported class `Channel` is one implementation. */
export type SubchannelChannel = ReturnType<SubchannelInterface['getChannel']>;

/** grpc-js does not export these types themselves; they are what its functions of registration take. */
export type LoadBalancerConstructor = Parameters<typeof experimental.registerLoadBalancerType>[1];
export type LoadBalancingConfigConstructor = Parameters<typeof experimental.registerLoadBalancerType>[2];
export type ResolverConstructor = Parameters<typeof experimental.registerResolver>[1];

export const {
  BaseSubchannelWrapper,
  createChildChannelControlHelper,
  isLoadBalancerNameRegistered,
  LeafLoadBalancer,
  parseLoadBalancingConfig,
  PickResultType,
  QueuePicker,
  registerLoadBalancerType,
  registerResolver: registerResolverClass,
  statusOrFromError,
  statusOrFromValue,
  UnavailablePicker,
} = experimental;
