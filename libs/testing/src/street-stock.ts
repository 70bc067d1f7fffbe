import { readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consumers, domainEvent } from '@carillon/contracts';
import { declare, Names, streetTopology, type Topology } from '@carillon/messaging';
import type { ChannelModel } from 'amqplib';
import { stock } from './stock.ts';
import { until } from './until.ts';

/**
 * The prefix of a street (all exchanges and queues) that another test is done with: complete, empty and without consumers. To make and
 * remove one costs the broker a second of work, to empty it a tenth.
 * @returns undefined when there is none
 */
export async function takeStreet(connection: ChannelModel): Promise<string | undefined> {
  const folder = stock('streets');
  for (const prefix of folder ? await readdir(folder) : []) {
    const taken = await unlink(join(folder!, prefix)).then(
      () => true,
      () => false, // another worker was faster
    );
    if (!taken) continue;
    const names = new Names(prefix);
    const topology = streetTopology(names);
    try {
      // There again is what a test has deleted.
      await declare(connection, topology);
      await renew(connection, names, topology);
      return prefix;
    } catch {
      await removeStreet(connection, topology);
    }
  }
  return undefined;
}

/** Leaves a street to other tests. @param folder that of the stock */
export async function keepStreet(folder: string, prefix: string, { exchanges, queues }: Topology): Promise<void> {
  const names = { exchanges: exchanges.map(({ name }) => name), queues: queues.map(({ name }) => name) };
  await writeFile(join(folder, prefix), JSON.stringify(names));
}

/** Deletes its queues and exchanges. */
export async function removeStreet(connection: ChannelModel, { exchanges, queues }: Topology): Promise<void> {
  const channel = await connection.createChannel();
  await Promise.all(queues.map(({ name }) => channel.deleteQueue(name)));
  await Promise.all(exchanges.map(({ name }) => channel.deleteExchange(name)));
  await channel.close();
}

/** Makes its queues empty. */
async function renew(connection: ChannelModel, names: Names, { queues }: Topology): Promise<void> {
  const channel = await connection.createChannel();
  // What a consumer holds is put back when it goes, and could not be purged before.
  await until(
    'nobody consumes',
    async () => {
      const all = await Promise.all(queues.map(({ name }) => channel.checkQueue(name)));
      return all.every(({ consumerCount }) => consumerCount === 0);
    },
    { timeoutMs: 2_000 },
  );
  // Services bind the first two themselves, and the last may have been made in another form: these are new each time.
  const bound = Object.entries(consumers).flatMap(([service, contracts]) =>
    contracts
      .filter((contract) => contract.onDemand || contract === domainEvent)
      .flatMap((contract) => names.queues(service, contract).map(({ queue }) => queue)),
  );
  const changing = queues.filter(({ name, lenient }) => bound.includes(name) || lenient);
  await Promise.all(
    queues.map(({ name }) =>
      changing.some((one) => one.name === name) ? channel.deleteQueue(name) : channel.purgeQueue(name),
    ),
  );
  await channel.close();
  await declare(connection, { exchanges: [], queues: changing });
}
