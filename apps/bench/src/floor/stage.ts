/**
 * What the floor's processes have in common, and no more: take the messages that are ready together, handle them with
 * few statements, publish the results as CloudEvents batches, await the confirms, acknowledge.
 *
 * The bare program lets it crash: any error ends the process, and what was not acknowledged is delivered again.
 */
import { connect, type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import pg from 'pg';
import { floorNames, type FloorNames, type FloorQueue } from './topology.ts';

/** A CloudEvent as it travels. */
export interface Item<Data> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  tenant: string;
  data: Data;
}

/** One item for the next hop. */
export interface Outgoing {
  key: FloorQueue;
  item: Item<unknown>;
}

export interface StageOptions<Data> {
  queue: FloorQueue;
  /** Unacknowledged messages per consumer. */
  prefetch: number;
  /** Consumers of the queue, each with a loop of its own: while one waits for the disk, another computes. */
  consumers: number;
  /** Items handled together at most. */
  most: number;
  handle(items: Item<Data>[]): Promise<Outgoing[]>;
}

const { env } = process;
let out: ConfirmChannel;
const names: FloorNames = floorNames(env.FLOOR_PREFIX!);
const batchItems = 200;

/** The database of this process; a handful of connections are enough where statements carry many rows. */
export const database = new pg.Pool({
  connectionString: env.DATABASE_URL,
  max: 4,
  application_name: 'bench floor',
  // Every statement goes by a key. Guessing 100 rows behind each JSON parameter, the planner would rather read a table of
  // some thousand rows as a whole for every batch: a third of the database's work.
  options: '-c enable_seqscan=off',
});

/** Runs a prepared statement: parsed and planned once per connection. */
export function run<Row extends object>(
  name: string,
  text: string,
  ...values: unknown[]
): Promise<pg.QueryResult<Row>> {
  return database.query<Row>({ name, text, values });
}

/** Connects, consumes, and tells the parent process when it is ready. */
export async function runStage<Data>(options: StageOptions<Data>): Promise<void> {
  process.on('disconnect', () => process.exit());
  const publisher = await open('publishes');
  out = await publisher.createConfirmChannel();
  out.on('return', () => fail(new Error('a message found no queue')));
  const consumer = await open('consumes');
  for (let i = 0; i < options.consumers; i++) await consume(await consumer.createChannel(), options);
  process.send?.('ready');
}

async function open(does: string): Promise<ChannelModel> {
  const model = await connect(env.AMQP_URL!, {
    noDelay: true,
    clientProperties: { connection_name: `bench floor ${does}` },
  });
  model.on('error', fail);
  return model;
}

async function consume<Data>(channel: Channel, options: StageOptions<Data>): Promise<void> {
  const ready: { message: ConsumeMessage; items: Item<Data>[] }[] = [];
  let busy = false;

  const work = async (): Promise<void> => {
    while (ready.length > 0) {
      let items: Item<Data>[] = [];
      let last: ConsumeMessage | undefined;
      while (ready.length > 0 && (items.length === 0 || items.length + ready[0]!.items.length <= options.most)) {
        const next = ready.shift()!;
        items = items.concat(next.items);
        last = next.message;
      }
      await publish(await options.handle(items));
      channel.ack(last!, true);
    }
    busy = false;
  };

  await channel.prefetch(options.prefetch);
  await channel.consume(names.queues[options.queue], (message) => {
    const items = message && parse<Data>(message);
    if (!items) return message ? channel.reject(message, false) : fail(new Error('the queue is gone'));
    ready.push({ message, items });
    if (busy) return;
    busy = true;
    // The rest of what came with the same read from the socket is handled together.
    setImmediate(() => work().catch(fail));
  });
}

/** A single CloudEvent or a batch; undefined when it is neither, which the caller dead-letters. */
function parse<Data>({ content }: ConsumeMessage): Item<Data>[] | undefined {
  try {
    const json: unknown = JSON.parse(content.toString());
    const items = (Array.isArray(json) ? json : [json]) as Item<Data>[];
    return items.every((item) => item?.specversion === '1.0' && item.id && item.source && item.type)
      ? items
      : undefined;
  } catch {
    return undefined;
  }
}

/** For a process that runs a stage. Resolves when the broker has confirmed all of it. */
export async function publish(outgoing: Outgoing[]): Promise<void> {
  const byKey = Map.groupBy(outgoing, ({ key }) => key);
  const confirms: Promise<void>[] = [];
  for (const [key, all] of byKey) {
    for (let start = 0; start < all.length; start += batchItems) {
      const batch = all.slice(start, start + batchItems).map(({ item }) => item);
      confirms.push(publishBatch(key, batch));
    }
  }
  await Promise.all(confirms);
}

function publishBatch(key: FloorQueue, batch: Item<unknown>[]): Promise<void> {
  return new Promise((resolve, reject) => {
    out.publish(
      names.pipeline,
      key,
      Buffer.from(JSON.stringify(batch)),
      { persistent: true, mandatory: true, contentType: 'application/cloudevents-batch+json' },
      (error: unknown) => (error ? reject(error as Error) : resolve()),
    );
  });
}

export function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}
