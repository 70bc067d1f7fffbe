import type { Channel } from 'amqplib';
import type { Leftovers } from '../run/remove-from-broker.ts';

/** The floor's AMQP names. */
export interface FloorNames {
  events: string;
  pipeline: string;
  dead: string;
  queues: Record<FloorQueue, string>;
}

/** One queue per hop; its name is also the routing key, except at the front door, which takes every key. */
export const floorQueues = ['intake', 'routed', 'rendered.in_app', 'rendered.email'] as const;
export type FloorQueue = (typeof floorQueues)[number];

export function floorNames(prefix: string): FloorNames {
  return {
    events: `${prefix}.events`,
    pipeline: `${prefix}.pipeline`,
    dead: `${prefix}.dead`,
    queues: Object.fromEntries(floorQueues.map((queue) => [queue, `${prefix}.${queue}`])) as FloorNames['queues'],
  };
}

/** Declares exchanges and quorum queues with the same arguments as Carillon's: limited redelivery, nothing dropped. */
export async function declareFloor(channel: Channel, { events, pipeline, dead, queues }: FloorNames): Promise<void> {
  for (const exchange of [events, pipeline, dead]) await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(dead, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(dead, dead, '#');
  for (const queue of floorQueues) {
    await channel.assertQueue(queues[queue], {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': 20,
        'x-dead-letter-exchange': dead,
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    const atFrontDoor = queue === 'intake';
    await channel.bindQueue(queues[queue], atFrontDoor ? events : pipeline, atFrontDoor ? '#' : queue);
  }
}

/** Everything that {@link declareFloor} makes. */
export function floorLeftovers({ events, pipeline, dead, queues }: FloorNames): Leftovers {
  return { queues: [...Object.values(queues), dead], exchanges: [events, pipeline, dead] };
}
