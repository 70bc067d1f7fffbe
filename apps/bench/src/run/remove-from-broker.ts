import { connect, type Channel } from 'amqplib';

/** How often a removal is tried: a busy broker may take longer over a replicated queue than it waits for itself. */
const tries = 3;

/** What a side made at the broker. */
export interface Leftovers {
  queues: readonly string[];
  exchanges: readonly string[];
}

/** Removes queues and exchanges on a connection of its own; whatever happened on others is over by then. */
export async function removeFromBroker(amqpUrl: string, { queues, exchanges }: Leftovers): Promise<void> {
  const model = await connect(amqpUrl, { clientProperties: { connection_name: 'bench clean-up' } });
  model.on('error', () => undefined); // What was asked for last rejects.
  const remove = async (work: (channel: Channel) => Promise<unknown>): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const channel = await model.createChannel();
      channel.on('error', () => undefined);
      try {
        await work(channel);
        return void (await channel.close());
      } catch (error) {
        if (attempt === tries) throw error;
      }
    }
  };
  try {
    for (const queue of queues) await remove((channel) => channel.deleteQueue(queue));
    for (const exchange of exchanges) await remove((channel) => channel.deleteExchange(exchange));
  } finally {
    await model.close();
  }
}
