/**
 * The domain service of the measurement: a plain AMQP client that publishes CloudEvents (structured JSON, persistent,
 * confirmed), each in a message of its own unless the order says otherwise. Both sides are fed by it, so its own cost is the same for both.
 */
import { connect, type ConfirmChannel } from 'amqplib';
import { now } from '../clock.ts';
import { eventOf } from './event.ts';
import type { PublishOrder, PublisherReport } from './orders.ts';

/** Messages that may wait for their confirm: enough to keep the broker busy, few enough not to flood it. */
const mostUnconfirmed = 1000;

process.on('disconnect', () => process.exit());
process.on('message', (order: PublishOrder) => {
  publish(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

const model = await connect(process.env.AMQP_URL!, {
  noDelay: true,
  clientProperties: { connection_name: 'bench publisher' },
});
report('ready');

async function publish(order: PublishOrder): Promise<void> {
  const channel = await model.createConfirmChannel();
  const unroutable = new Promise<never>((_resolve, reject) =>
    channel.on('return', () => reject(new Error(`${order.exchange} has no queue for ${order.type}`))),
  );
  const times = await Promise.race([order.perSecond ? paced(channel, order) : flatOut(channel, order), unroutable]);
  await channel.close();
  report({ startedAt: times[0]!, endedAt: now(), times: order.perSecond ? times : [] });
}

/** As fast as confirms come. */
async function flatOut(channel: ConfirmChannel, order: PublishOrder): Promise<number[]> {
  const startedAt = now();
  let next = 0;
  let confirmed = 0;
  await new Promise<void>((resolve, reject) => {
    const fill = (): void => {
      while (next < order.count && next - confirmed < mostUnconfirmed) {
        const items = Math.min(order.perMessage ?? 1, order.count - next);
        const first = next;
        next += items;
        send(channel, order, first, items, (error) => {
          if (error) reject(error);
          confirmed += items;
          if (confirmed === order.count) resolve();
          else if (next - confirmed < mostUnconfirmed / 2) fill();
        });
      }
    };
    fill();
  });
  return [startedAt];
}

/** Evenly spread; the time of each event is that of its publish. */
async function paced(channel: ConfirmChannel, order: PublishOrder): Promise<number[]> {
  const times: number[] = [];
  const confirms: Promise<void>[] = [];
  const startedAt = now();
  for (let i = 0; i < order.count; i++) {
    const due = startedAt + (i * 1000) / order.perSecond!;
    while (now() < due) await new Promise((resolve) => setTimeout(resolve, due - now()));
    times.push(now());
    confirms.push(
      new Promise((resolve, reject) => send(channel, order, i, 1, (error) => (error ? reject(error) : resolve()))),
    );
  }
  await Promise.all(confirms);
  return times;
}

function send(
  channel: ConfirmChannel,
  order: PublishOrder,
  first: number,
  items: number,
  done: (error?: Error | null) => void,
): void {
  const events = Array.from({ length: items }, (_, i) => eventOf(order, first + i));
  const batch = order.perMessage !== undefined;
  channel.publish(
    order.exchange,
    order.key ?? order.type,
    Buffer.from(JSON.stringify(batch ? events : events[0])),
    {
      persistent: true,
      mandatory: true,
      contentType: batch ? 'application/cloudevents-batch+json' : 'application/cloudevents+json',
    },
    done,
  );
}

function report(message: PublisherReport): void {
  process.send?.(message);
}
