import { consumers, exchanges, rpcServices, type EventContract, type ExchangeName } from '@carillon/contracts';
import type { Channel, ChannelModel } from 'amqplib';
import { closeChannel } from './close-channel.ts';
import { defaults } from './defaults.ts';
import type { Names } from './names.ts';

/** What the broker must have, as data. */
export interface Topology {
  exchanges: { name: string; kind: 'topic' | 'direct' }[];
  queues: Queue[];
}

interface Queue {
  name: string;
  arguments: Record<string, unknown>;
  bindings: { exchange: string; key: string }[];
  /** Of the connection that declares it: neither durable nor anybody else's, and gone with its consumer. */
  exclusive?: boolean;
  /**
   * One that exists already keeps the arguments that it was made with. The broker lets nobody change them, and refuses whoever
   * declares others; so this is for arguments that came later and without which the queue still does its work.
   */
  lenient?: boolean;
}

/** The whole street, the same for everyone, under an installation's names. */
export function streetTopology(names: Names): Topology {
  const dead = names.exchange('dead');
  return {
    exchanges: (Object.keys(exchanges) as ExchangeName[]).map((name) => ({
      name: names.exchange(name),
      kind: exchanges[name].kind,
    })),
    queues: [
      ...Object.entries(consumers).flatMap(([service, contracts]) =>
        contracts.flatMap((contract) =>
          names.queues(service, contract).map(({ queue, key }) => ({
            name: queue,
            arguments: contract.exchange === 'dead' ? lastResort : quorum(dead),
            bindings: contract.onDemand ? [] : [{ exchange: names.exchange(contract.exchange), key }],
            ...(contract.exchange === 'dead' && { lenient: true }),
          })),
        ),
      ),
      // Questions live for seconds and are asked again by people; a replicated, fsynced queue would only slow them down.
      ...rpcServices.map((service) => ({
        name: names.rpcQueue(service),
        arguments: { 'x-queue-type': 'classic' },
        bindings: [],
      })),
    ],
  };
}

/** One queue of the street, and the exchanges that fill it. */
export function queueTopology({ exchanges, queues }: Topology, queue: string): Topology {
  const wanted = queues.filter(({ name }) => name === queue);
  const sources = new Set(wanted.flatMap(({ bindings }) => bindings.map(({ exchange }) => exchange)));
  return { exchanges: exchanges.filter(({ name }) => sources.has(name)), queues: wanted };
}

/**
 * The queue in which one replica of a service hears an announcement. Exclusive, because from RabbitMQ 4.3 on nothing else may
 * be transient.
 */
export function listenerTopology(
  names: Names,
  service: string,
  contract: EventContract<unknown>,
  replica: string,
): Topology {
  const exchange = names.exchange(contract.exchange);
  return {
    exchanges: [{ name: exchange, kind: exchanges[contract.exchange].kind }],
    queues: names.queues(service, contract).map(({ queue, key }) => ({
      name: `${queue}.${replica}`,
      arguments: { 'x-queue-type': 'classic' },
      // Recipients' keys come and go with their sockets.
      bindings: contract.perRecipient ? [] : [{ exchange, key }],
      exclusive: true,
    })),
  };
}

/**
 * Replicated and durable. The delivery limit catches what kills its consumer; dead-lettering is at-least-once, which
 * wants `reject-publish` (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
 */
function quorum(deadLetterExchange: string): Record<string, unknown> {
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': defaults.deliveryLimit,
    'x-dead-letter-exchange': deadLetterExchange,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

/**
 * Of the dead letters themselves: what is parked stays until an admin decides. RabbitMQ 4 would drop a message after 20
 * redeliveries where no limit is given; 3 knows no word for "none".
 */
const lastResort = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000_000 };

/** Declares it all; declaring what exists changes nothing. Throws when something exists with other arguments. */
export async function declare(connection: Pick<ChannelModel, 'createChannel'>, topology: Topology): Promise<void> {
  const existing = new Set<string>();
  for (const { name, lenient } of topology.queues) if (lenient && (await exists(connection, name))) existing.add(name);
  await onChannel(connection, async (channel) => {
    await Promise.all(
      topology.exchanges.map(({ name, kind }) => channel.assertExchange(name, kind, { durable: true })),
    );
    await Promise.all(
      topology.queues.map(async ({ name, arguments: args, bindings, exclusive = false }) => {
        const options = { durable: !exclusive, exclusive, autoDelete: exclusive, arguments: args };
        if (!existing.has(name)) await channel.assertQueue(name, options);
        for (const { exchange, key } of bindings) await channel.bindQueue(name, exchange, key);
      }),
    );
  });
}

async function exists(connection: Pick<ChannelModel, 'createChannel'>, queue: string): Promise<boolean> {
  try {
    await onChannel(connection, (channel) => channel.checkQueue(queue));
    return true;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return false;
    throw error;
  }
}

/** On a channel of its own: whatever the broker refuses costs the channel. */
async function onChannel(
  connection: Pick<ChannelModel, 'createChannel'>,
  work: (channel: Channel) => Promise<unknown>,
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined); // the refused work rejects
  await work(channel);
  await closeChannel(channel);
}
