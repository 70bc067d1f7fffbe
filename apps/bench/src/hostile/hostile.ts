import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  deadLetter,
  inAppRendered,
  notificationRouted,
  type CloudEvent,
  type DeadLetter,
  type InAppRendered,
} from '@carillon/contracts';
import { Messages, Names } from '@carillon/messaging';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { now } from '../clock.ts';
import type { Options } from '../options.ts';
import { Progress } from '../report/progress.ts';
import { median, percentile } from '../report/statistics.ts';
import { cpuBetween, readCpu } from '../run/cpu.ts';
import type { Scratch } from '../run/scratch.ts';
import { writeGood, writeHostile, type Written } from './templates.ts';

/** How long tenant A's notifications took from publish until their words were there, in milliseconds. */
export interface Rendering {
  p50: number;
  p99: number;
  max: number;
  /** Share of the machine that was busy with something else; undefined where it cannot be told. */
  others?: number;
}

/** What became of tenant A's notifications, and of tenant B's. */
export interface HostileResult {
  perSecond: number;
  alone: Rendering[];
  beside: Rendering[];
  /** How many hostile messages were published; every one of them was parked. */
  hostile: number;
  /** Of them, how many were not tried because their templates had been stopped before. */
  held: number;
}

/** How long the last messages of a measurement may take. */
const patienceMs = 60_000;

/**
 * Publishes what is routed for a tenant with good templates at an even rate, alone and while as much is routed for a tenant whose
 * fifty templates loop, explode and stall, in turns; and times when the template-renderer publishes the words.
 *
 * @throws Error when a good one does not come, a hostile one is not parked, or the template-renderer ends
 */
export async function measureHostile(
  { rounds, rate, seconds, env, profile }: Pick<Options, 'rounds' | 'rate' | 'seconds' | 'env' | 'profile'>,
  scratch: Scratch,
  undo: (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<HostileResult> {
  const side = new CarillonSide({ scratch, smtpUrl: '', withEmail: false, env, profileTo: profile }, [
    'template-renderer',
  ]);
  const messages = new Messages({ url: scratch.amqpUrl, prefix: scratch.prefix, service: 'bench' });
  undo.push(() => side.stop());
  undo.push(() => messages.close());
  await messages.open();
  await side.start();
  signal.throwIfAborted();
  const progress = new Progress(2 * rounds);
  undo.push(async () => progress.clear());
  const good = await writeGood(scratch, 'a');
  const hostile = await writeHostile(scratch, 'b');
  const heard = await listen(scratch);
  const street = new Street(messages, heard, side, signal);
  // The service compiles its hot code.
  await street.publish('a', good, rate, 3);
  const result: HostileResult = { perSecond: rate, alone: [], beside: [], hostile: 0, held: 0 };
  for (let round = 1; round <= rounds; round++) {
    for (const [which, label] of [
      ['alone', 'alone'],
      ['beside', 'beside 50 hostile templates'],
    ] as const) {
      const processes = [...side.children, { name: 'bench', pid: process.pid }];
      const before = readCpu(processes);
      const began = now();
      const enemy = which === 'beside' ? street.publish('b', hostile, rate, seconds) : Promise.resolve([]);
      // Should it fail first, that is told when it is awaited; unheard it would end the bench without cleaning up.
      enemy.catch(() => undefined);
      const times = await street.publish('a', good, rate, seconds);
      const took = now() - began;
      const { others } = cpuBetween(before, readCpu(processes));
      result.hostile += (await enemy).length;
      const found = { p50: percentile(times, 50), p99: percentile(times, 99), max: Math.max(...times) };
      result[which].push({
        ...found,
        ...(others !== undefined && { others: others / took / availableParallelism() }),
      });
      progress.finish(
        `round ${round}  ${label}`,
        `p50 ${found.p50.toFixed(1)} ms, p99 ${found.p99.toFixed(1)} ms, at most ${found.max.toFixed(0)} ms`,
      );
    }
  }
  result.held = [...heard.parked.values()].filter((error) => error.includes('had to be stopped')).length;
  return result;
}

/** What the template-renderer has published, by the id of the notification, and when; and the errors of what it has parked. */
interface Heard {
  rendered: Map<string, number>;
  parked: Map<string, string>;
}

async function listen({ channel, prefix }: Scratch): Promise<Heard> {
  const heard: Heard = { rendered: new Map(), parked: new Map() };
  const names = new Names(prefix);
  const consume = async (exchange: string, key: string, take: (event: CloudEvent<unknown>) => void) => {
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, key);
    const consumer = (message: { content: Buffer } | null) => {
      const body = JSON.parse(message!.content.toString()) as CloudEvent<unknown> | CloudEvent<unknown>[];
      for (const event of Array.isArray(body) ? body : [body]) take(event);
    };
    await channel.consume(queue, consumer, { noAck: true });
  };
  await consume(names.exchange('pipeline'), `${inAppRendered.key}.#`, ({ data }) =>
    heard.rendered.set((data as InAppRendered).notification_id, now()),
  );
  await consume(names.exchange('dead'), deadLetter.key, ({ data }) => {
    const { body, error } = data as DeadLetter;
    // The item that is parked alone.
    const [, id] = /"notification_id":"([^"]+)"/.exec(body) ?? [];
    heard.parked.set(id!, error);
  });
  return heard;
}

/** The front of the template-renderer. */
class Street {
  private published = 0;

  constructor(
    private readonly messages: Messages,
    private readonly heard: Heard,
    private readonly side: CarillonSide,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * So many a second, one after the other in turn.
   *
   * @returns how long each took until it was rendered or parked, in milliseconds
   */
  async publish(
    tenant: 'a' | 'b',
    templates: readonly Written[],
    perSecond: number,
    seconds: number,
  ): Promise<number[]> {
    const began = now();
    const sent = new Map<string, number>();
    for (let n = 0; n < perSecond * seconds; n++) {
      await sleep(began + (1000 * n) / perSecond - now());
      this.signal.throwIfAborted();
      const { type, data } = templates[n % templates.length]!;
      const id = `${tenant}-${(this.published += 1)}`;
      const deliveries = [{ delivery_id: `delivery-${id}`, channel: 'in_app' as const, address: id }];
      const routed = { ...notificationRouted.example, notification_id: id, type, data, deliveries, content: undefined };
      sent.set(id, now());
      await this.messages.publish(notificationRouted, routed, { tenant, id });
    }
    return this.arrived(tenant, sent);
  }

  private async arrived(tenant: 'a' | 'b', sent: ReadonlyMap<string, number>): Promise<number[]> {
    const { rendered, parked } = this.heard;
    // A few of the hostile ones are so near to the limits that they end within them now and then.
    const settled = (id: string) => rendered.has(id) || (tenant === 'b' && parked.has(id));
    for (const deadline = now() + patienceMs; ; await sleep(20)) {
      this.signal.throwIfAborted();
      for (const child of this.side.children) if (child.trouble()) throw child.trouble();
      const missing = [...sent.keys()].filter((id) => !settled(id));
      if (missing.length === 0) break;
      const wrong = missing.find((id) => parked.has(id));
      if (wrong) throw new Error(`parked: ${parked.get(wrong)}`);
      if (now() > deadline) throw new Error(`${missing.length} of ${sent.size} of tenant ${tenant} did not come`);
    }
    return [...sent].map(([id, at]) => (tenant === 'a' ? rendered.get(id)! - at : NaN));
  }
}

/** The medians of all rounds. */
export function mediansOf(rounds: readonly Rendering[]): Rendering {
  const of = (which: 'p50' | 'p99' | 'max') => median(rounds.map((round) => round[which]));
  return { p50: of('p50'), p99: of('p99'), max: of('max') };
}
