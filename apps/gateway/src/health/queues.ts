import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { rpcServices } from '@carillon/contracts';
import { Messages, type QueueDepth } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import type { QueueHealth, QueuesHealth } from './health-view.ts';
import { queueOldest } from './metrics.ts';
import { Replicas } from './replicas.ts';
import { Unconsumed } from './unconsumed.ts';

/** How long RabbitMQ may take to tell. */
const patienceMs = 1_500;
/** It is asked no more often than that, however many consoles look … */
const asksEveryMs = 2_000;
/** … and at least so often, or nobody would know since when a queue has had no consumer. */
const watchesEveryMs = 10_000;

/** What waits in the queues, and for how long. */
@Injectable()
export class Queues implements OnApplicationBootstrap, OnApplicationShutdown {
  private asked?: { at: number; depths: Promise<QueueDepth[] | { trouble: string }> };
  private readonly unconsumed: Unconsumed;
  private readonly watching = new Repeating(() => this.measure(), watchesEveryMs);

  constructor(
    private readonly messages: Messages,
    private readonly replicas: Replicas,
  ) {
    this.unconsumed = new Unconsumed(rpcServices.map((service) => messages.names.rpcQueue(service)));
  }

  onApplicationBootstrap(): void {
    this.watching.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.watching.stop();
  }

  /** Never rejects, and never waits long for RabbitMQ. */
  async now(): Promise<QueuesHealth> {
    const depths = await this.depths();
    if ('trouble' in depths) return { ...depths, data: [] };
    const inHand = this.replicas.oldest();
    return { trouble: null, data: depths.map((depth) => ({ ...depth, ...this.oldest(depth, inHand) })) };
  }

  /** Whoever consumes a queue has its oldest message in hand and tells; of the others is known what was seen. */
  private oldest(
    { queue, consumers }: QueueDepth,
    inHand: ReadonlyMap<string, string>,
  ): Pick<QueueHealth, 'oldest_at' | 'at_least'> {
    if (consumers) return { oldest_at: inHand.get(queue) ?? null, at_least: false };
    const since = this.unconsumed.since(queue);
    return { oldest_at: since ?? null, at_least: since !== undefined };
  }

  private depths(): Promise<QueueDepth[] | { trouble: string }> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > asksEveryMs) this.asked = { at: now, depths: this.ask() };
    return this.asked.depths;
  }

  /** Never rejects. */
  private async ask(): Promise<QueueDepth[] | { trouble: string }> {
    try {
      const depths = await inTime(this.messages.queueDepths());
      if (!depths) return { trouble: 'RabbitMQ does not answer' };
      this.unconsumed.see(depths);
      return depths;
    } catch (error) {
      return { trouble: (error as Error).message };
    }
  }

  private async measure(): Promise<void> {
    const { data } = await this.now();
    for (const { queue, oldest_at } of data)
      queueOldest.set({ queue }, oldest_at ? (Date.now() - Date.parse(oldest_at)) / 1000 : 0);
  }
}

/** @returns undefined when it takes too long; what comes of it then is nobody's concern */
async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const silence = sleep(patienceMs, undefined, { signal: timer.signal }).catch(() => undefined);
  work.catch(() => undefined);
  return Promise.race([work, silence]).finally(() => timer.abort());
}
