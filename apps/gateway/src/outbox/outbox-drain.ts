import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { eventRequested, freshId, type CloudEvent } from '@carillon/contracts';
import { BrokerUnavailable, Messages, Unroutable } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import { DeadLetterStore } from '../dead-letters/dead-letter-store.ts';
import { outboxDrained } from './metrics.ts';
import type { Waiting } from './outbox-store.ts';
import { Outbox } from './outbox.ts';

const everyMs = 250;
/** So much is published before the confirms are awaited … */
const eventsAtOnce = 200;
const bytesAtOnce = 4 * 1024 * 1024;
/** … and so often before it is another tenant's turn. */
const batchesOfTurn = 10;

/**
 * Publishes what waits in the outbox once RabbitMQ is back: each tenant's events in their order, by one replica at a time, with
 * confirms. What was published when a replica dies, but not yet removed, is published again under the same ids.
 */
@Injectable()
export class OutboxDrain implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxDrain.name);
  private readonly owner = randomUUID();
  private readonly repeating = new Repeating(() => this.drain(), everyMs);
  private stopping = false;
  private trouble?: string;

  constructor(
    private readonly outbox: Outbox,
    private readonly messages: Messages,
    private readonly deadLetters: DeadLetterStore,
  ) {}

  onApplicationBootstrap(): void {
    this.repeating.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.repeating.stop();
  }

  /** Never rejects. */
  private async drain(): Promise<void> {
    try {
      while (!(await this.outbox.isEmpty()) && !this.messages.trouble() && !this.stopping) {
        const tenant = await this.outbox.store.take(this.owner);
        if (tenant === undefined) break;
        try {
          await this.turnOf(tenant);
        } finally {
          await this.outbox.store.release(tenant, this.owner);
        }
      }
      this.trouble = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (this.trouble !== message) this.logger.warn({ msg: 'the outbox is drained later', error: message });
      this.trouble = message;
    }
  }

  private async turnOf(tenant: string): Promise<void> {
    const { store } = this.outbox;
    for (let batch = 0; batch < batchesOfTurn && !this.stopping; batch += 1) {
      const waiting = await store.next(tenant, eventsAtOnce, bytesAtOnce);
      if (waiting.length === 0) return;
      const left = await this.publish(waiting);
      if (left.places.length > 0 && !(await store.remove(tenant, this.owner, left.places))) return;
      if (left.error) throw left.error;
    }
  }

  /** @returns the places of those that are out, up to the first one that RabbitMQ could not take, and why not */
  private async publish(waiting: readonly Waiting[]): Promise<{ places: string[]; error?: unknown }> {
    const results = await Promise.allSettled(
      waiting.map(({ event }) => this.messages.publishEvent('events', eventRequested.key, event)),
    );
    const places: string[] = [];
    for (const [index, result] of results.entries()) {
      const { place, event } = waiting[index]!;
      if (result.status === 'rejected') {
        if (result.reason instanceof BrokerUnavailable || result.reason instanceof Unroutable)
          return { places, error: result.reason };
        await this.park(event, result.reason as Error);
      }
      outboxDrained.inc({ outcome: result.status === 'fulfilled' ? 'published' : 'parked' });
      places.push(place);
    }
    return { places };
  }

  /** RabbitMQ would refuse it again and again, with everything that waits behind it. */
  private async park(event: CloudEvent, { message: error }: Error): Promise<void> {
    this.logger.error({ msg: 'RabbitMQ refuses an accepted event, it is parked', event: event.id, error });
    await this.deadLetters.keep({
      tenant: event.tenant!,
      id: freshId(),
      stage: 'gateway.outbox',
      error,
      attempts: 1,
      parked_at: new Date().toISOString(),
      exchange: this.messages.names.exchange('events'),
      routing_key: eventRequested.key,
      properties: { contentType: 'application/cloudevents+json' },
      body: JSON.stringify(event),
      body_encoding: 'utf8',
    });
  }
}
