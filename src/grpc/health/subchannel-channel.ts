import type { SubchannelChannel } from '../experimental.js';

/**
 * How many use the channel that a subchannel makes of itself. Whoever shares the subchannel, in another channel to the same
 * server, shares it too.
 */
const users = new WeakMap<SubchannelChannel, number>();

/** Closing it frees its place in channelz and ends nothing else, so once is enough: it goes on working if it is used again. */
const closed = new WeakSet<SubchannelChannel>();

export function retainChannel(channel: SubchannelChannel): SubchannelChannel {
  users.set(channel, (users.get(channel) ?? 0) + 1);
  return channel;
}

/** grpc-js itself never closes them: each subchannel that was ever asked for one would stay in channelz's tables for good. */
export function releaseChannel(channel: SubchannelChannel): void {
  const left = (users.get(channel) ?? 1) - 1;
  users.set(channel, left);
  if (left > 0 || closed.has(channel)) return;
  closed.add(channel);
  channel.close();
}
