/**
 * One tenant of the measurement: publishes what is routed for it and hears what the template-renderer makes of it. Each has a
 * process of its own, so that none of them is late for writing or reading the other's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  deadLetter,
  inAppRendered,
  notificationRouted,
  type CloudEvent,
  type DeadLetter,
  type InAppRendered,
} from '@carillon/contracts';
import { Messages, Names, unpackedLetter } from '@carillon/messaging';
import { connect } from 'amqplib';
import { now } from '../clock.ts';
import type { PublishOrder, Settled, TenantOrder, TenantReport } from './orders.ts';

/** How long the last of them may take. */
const patienceMs = 60_000;

const { AMQP_URL: url, PREFIX: prefix, TENANT: tenant, LETTERS: letters } = process.env as Record<string, string>;

/** By the id of the notification, when it was published, and when its words were there. */
const sent = new Map<string, number>();
const rendered = new Map<string, number>();
/** Takes what was parked out of its queue, when all is over: it is long, and this machine's processors are those of what is measured. */
let takeLetters: (() => Promise<void>) | undefined;
const parked = new Map<string, string>();
let published = 0;

process.on('disconnect', () => process.exit());
process.on('message', (order: TenantOrder) => {
  const answer = order === 'settle' ? settle() : publish(order);
  answer.then(report, (error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});

const messages = new Messages({ url: url!, prefix: prefix!, service: 'bench' });
await messages.open();
await listen();
report('ready');

async function listen(): Promise<void> {
  const names = new Names(prefix!);
  const channel = await (await connect(url!, { noDelay: true })).createChannel();
  const queueOf = async (exchange: string, key: string) => {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, key);
    return queue;
  };
  const words = await queueOf(names.exchange('pipeline'), `${inAppRendered.key}.#`);
  const take = ({ content: body }: { content: Buffer }): void => {
    const at = now();
    const content = JSON.parse(body.toString()) as CloudEvent<InAppRendered> | CloudEvent<InAppRendered>[];
    for (const { data } of [content].flat()) rendered.set(data.notification_id, at);
  };
  await channel.consume(words, (message) => take(message!), { noAck: true });
  if (!letters) return;
  const waiting = await queueOf(names.exchange('dead'), deadLetter.key);
  takeLetters = async () => {
    for (let message; (message = await channel.get(waiting, { noAck: true }));) read(message.content);
  };
}

async function publish({ templates, perSecond, seconds, byChance }: PublishOrder): Promise<'published'> {
  const began = now();
  const confirms: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const due = began + (1000 * (n + (byChance ? Math.random() : 0))) / perSecond;
    if (due > now()) await sleep(due - now());
    const { type, data } = templates[n % templates.length]!;
    const id = `${tenant}-${(published += 1)}`;
    const deliveries = [{ delivery_id: `delivery-${id}`, channel: 'in_app' as const, address: id }];
    const routed = { ...notificationRouted.example, notification_id: id, type, data, deliveries, content: undefined };
    sent.set(id, now());
    confirms.push(messages.publish(notificationRouted, routed, { tenant, id }));
  }
  await Promise.all(confirms);
  return 'published';
}

async function settle(): Promise<Settled> {
  const missing = () => [...sent.keys()].filter((id) => !rendered.has(id) && !parked.has(id)).length;
  for (const deadline = now() + patienceMs; ; await sleep(20)) {
    await takeLetters?.();
    if (missing() === 0 || now() > deadline) break;
  }
  const times = [...sent].flatMap(([id, at]) => (rendered.has(id) ? [rendered.get(id)! - at] : []));
  const settled = { times, parked: Object.fromEntries(parked), missing: missing() };
  for (const known of [sent, rendered, parked]) known.clear();
  return settled;
}

function read(letter: Buffer): void {
  const { body, error } = unpackedLetter((JSON.parse(letter.toString()) as CloudEvent<DeadLetter>).data);
  // Each is parked alone, so it is the event itself.
  parked.set((JSON.parse(body) as CloudEvent).id, error);
}

function report(message: TenantReport): void {
  process.send?.(message);
}
