import type { Channel } from 'amqplib';
import { closeChannel } from './close-channel.ts';
import { BrokerUnavailable } from './errors.ts';

/** What is wanted between a queue of Carillon's and an exchange of somebody else's, which Carillon never declares. */
export interface BindingWish {
  queue: string;
  exchange: string;
  /** Routing keys to be bound; those that are bound already stay so. */
  bind: readonly string[];
  /** Routing keys not to be bound any more. */
  unbind: readonly string[];
}

/** What became of one routing key. `missing`: there is no such exchange; `refused`: this user may not. */
export type BindingResult = { routing_key: string } & (
  { state: 'bound' | 'unbound' } | { state: 'missing' | 'refused'; error: string }
);

/**
 * Makes the wish come true as far as the broker allows. Whatever the broker refuses costs the channel that asked, so this works
 * on channels of its own; refused as a whole, the keys are asked for one by one.
 *
 * @throws BrokerUnavailable when there is no telling, because the connection went
 */
export async function bindForeign(open: () => Promise<Channel>, wish: BindingWish): Promise<BindingResult[]> {
  const { queue, exchange, bind, unbind } = wish;
  const refusal = await attempt(open, async (channel) => {
    await channel.checkExchange(exchange);
    await Promise.all([
      ...bind.map((key) => channel.bindQueue(queue, exchange, key)),
      ...unbind.map((key) => channel.unbindQueue(queue, exchange, key)),
    ]);
  });
  if (!refusal) {
    return [
      ...bind.map((key) => ({ routing_key: key, state: 'bound' as const })),
      ...unbind.map((key) => ({ routing_key: key, state: 'unbound' as const })),
    ];
  }
  // With the exchange its bindings went too.
  if (refusal.state === 'missing') {
    return [
      ...bind.map((key) => ({ routing_key: key, ...refusal })),
      ...unbind.map((key) => ({ routing_key: key, state: 'unbound' as const })),
    ];
  }
  if (bind.length + unbind.length === 1) return [...bind, ...unbind].map((key) => ({ routing_key: key, ...refusal }));
  const results: BindingResult[] = [];
  for (const key of bind) results.push(...(await bindForeign(open, { ...wish, bind: [key], unbind: [] })));
  for (const key of unbind) results.push(...(await bindForeign(open, { ...wish, bind: [], unbind: [key] })));
  return results;
}

type Refusal = { state: 'missing' | 'refused'; error: string };

/** Runs work on a channel of its own; what the broker refuses is an answer. */
async function attempt(
  open: () => Promise<Channel>,
  work: (channel: Channel) => Promise<unknown>,
): Promise<Refusal | undefined> {
  const channel = await open().catch((error: Error) => {
    throw new BrokerUnavailable(error.message);
  });
  let refusal: (Error & { code?: number }) | undefined;
  channel.on('error', (error: Error) => (refusal = error));
  try {
    await work(channel);
  } catch (error) {
    if (!refusal) throw new BrokerUnavailable((error as Error).message);
    const { message, code } = refusal;
    const reason = /with message "(.*)"$/.exec(message)?.[1] ?? message;
    if (code !== 404) return { state: 'refused', error: reason };
    if (reason.startsWith('NOT_FOUND - no exchange')) return { state: 'missing', error: reason };
    // Carillon's own queue is gone, and its consumer will declare it again.
    throw new BrokerUnavailable(reason);
  }
  await closeChannel(channel);
  return undefined;
}
