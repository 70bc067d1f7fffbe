import type { Channel } from 'amqplib';

/**
 * Closes a channel and resolves when it is closed, whichever way: amqplib's own promise is never settled when the connection breaks
 * before the broker's answer has come, and whoever waits for it waits for ever.
 */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    channel.once('close', resolve);
    channel.close().then(resolve, () => resolve());
  });
}
