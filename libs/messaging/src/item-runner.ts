import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { cloudEventsJson, Problem, type CloudEvent } from '@carillon/contracts';
import type { ConsumeMessage } from 'amqplib';
import { decode, jsonOf, type Decoded } from './codec.ts';
import type { Alive } from './consumer.ts';
import type { DeadLetters } from './dead-letters.ts';
import { defaults } from './defaults.ts';
import { Abandoned, Poison } from './errors.ts';
import type { Gate } from './gate.ts';
import { itemSeconds, itemsConsumed } from './metrics.ts';
import { asPublished } from './replay.ts';
import { withTrace } from './trace.ts';

/** Where an item came from, for handlers that want to know. */
export interface Origin {
  queue: string;
  exchange: string;
  routingKey: string;
  redelivered: boolean;
  headers: Record<string, unknown>;
}

export type ItemHandler = (event: CloudEvent, origin: Origin) => Promise<unknown>;

type ValidItem = Exclude<Decoded, { invalid: string }>;

/** How an item ended. */
type End = 'done' | 'parked' | 'dropped';

export interface Stage {
  queue: string;
  /** The only `type` this queue carries; undefined at an open door. */
  type?: string;
  /** The exchange of Carillon's that fills the queue. */
  exchange?: string;
  handle: ItemHandler;
}

/**
 * Takes a message apart and brings each item to an end: done, or parked alone in `carillon.dead`; its batch goes on.
 * Without dead letters (announcements, which tell nothing that would have to be replayed) it is logged and dropped instead.
 *
 *   item → handler ─┬─ resolves ───────────────▶ done
 *                   ├─ a dependency is away ───▶ waits at the gate, tries again, uncounted
 *                   ├─ Abandoned ──────────────▶ left unacknowledged, delivered again
 *                   ├─ Poison, Problem 4xx ────▶ parked at once
 *                   └─ anything else ──────────▶ tried again in place, parked after the last try
 */
export class ItemRunner {
  private readonly logger: Logger;
  private readonly counted: Record<End, { inc(): void }>;
  private readonly timed: { observe(seconds: number): void };

  constructor(
    private readonly stage: Stage,
    private readonly gate: Gate,
    private readonly deadLetters?: DeadLetters,
  ) {
    this.logger = new Logger(`stage ${stage.queue}`);
    // Looked up once: per item the labels would cost more than the counting.
    const { queue } = stage;
    this.counted = {
      done: itemsConsumed.labels({ queue, outcome: 'done' }),
      parked: itemsConsumed.labels({ queue, outcome: 'parked' }),
      dropped: itemsConsumed.labels({ queue, outcome: 'dropped' }),
    };
    this.timed = itemSeconds.labels({ queue });
  }

  /** Resolves when every item has ended and the message may be acknowledged. */
  async run(received: ConsumeMessage, alive: Alive): Promise<void> {
    const message = asPublished(received);
    const { queue, type, exchange } = this.stage;
    const origin: Origin = {
      queue,
      exchange: message.fields.exchange,
      routingKey: message.fields.routingKey,
      redelivered: message.fields.redelivered,
      headers: message.properties.headers ?? {},
    };
    const begun = performance.now();
    const items = decode(message, type === undefined, exchange);
    if (message.content.length > defaults.largeBytes) await nextTurn();
    // Settled, not failed fast: an item that gives up must not leave the others running behind a shutdown's back.
    const ends = await Promise.allSettled(
      items.map(async (item) => {
        const end =
          'invalid' in item
            ? await this.park(message, item.body, new Poison(item.invalid), 0, alive)
            : await this.runItem(message, item, origin, alive);
        this.counted[end].inc();
        this.timed.observe((performance.now() - begun) / 1000);
      }),
    );
    const unfinished = ends.find((end) => end.status === 'rejected');
    if (unfinished) throw unfinished.reason;
  }

  private async runItem(message: ConsumeMessage, item: ValidItem, origin: Origin, alive: Alive): Promise<End> {
    const { type, handle } = this.stage;
    const { event } = item;
    if (type !== undefined && event.type !== type) {
      return this.parkEvent(message, item, new Poison(`this queue carries ${type}, not ${event.type}`), 0, alive);
    }
    for (let attempt = 1; ;) {
      await this.gate.passed();
      if (!alive()) throw new Abandoned();
      try {
        await withTrace(event.traceparent, () => handle(event, origin));
        return 'done';
      } catch (error) {
        if (!alive() || error instanceof Abandoned) throw new Abandoned();
        if (this.gate.closesFor(error)) continue;
        if (isHopeless(error) || attempt >= defaults.attempts) {
          return this.parkEvent(message, item, error, attempt, alive);
        }
        this.logger.warn({ msg: 'item failed, trying again', id: event.id, attempt, error: loggedOf(error) });
        await sleep(defaults.retryDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random()));
        attempt += 1;
      }
    }
  }

  /**
   * The parked body is the event itself, whatever mode it came in, so the content type has to say so for a replay. Who is told of
   * what was packed unpacks it.
   */
  private parkEvent(message: ConsumeMessage, item: ValidItem, error: unknown, attempts: number, alive: Alive) {
    if (item.packed) return this.park(message, undefined, error, attempts, alive);
    const structured = { ...message, properties: { ...message.properties, contentType: cloudEventsJson } };
    return this.park(structured, item.json ?? jsonOf(item.event, message), error, attempts, alive);
  }

  /** Parking must not fail: until the dead letter is confirmed, the message is not acknowledged. */
  private async park(
    message: ConsumeMessage,
    body: string | undefined,
    error: unknown,
    attempts: number,
    alive: Alive,
  ): Promise<End> {
    const end = this.deadLetters ? 'parked' : 'dropped';
    const { routingKey } = message.fields;
    this.logger.error({ msg: `item ${end}`, error: loggedOf(error), attempts, routing_key: routingKey });
    if ((body ?? message.content).length > defaults.largeBytes) await nextTurn();
    for (let delay = 200; ; delay = Math.min(delay * 2, 5_000)) {
      try {
        await this.deadLetters?.park({ stage: this.stage.queue, message, body, error: describe(error), attempts });
        return end;
      } catch (failure) {
        if (!alive()) throw new Abandoned();
        this.logger.error({ msg: 'cannot park the item yet', error: describe(failure) });
        await sleep(delay);
        if (!alive()) throw new Abandoned();
      }
    }
  }
}

/** Failures that no further try can mend. */
function isHopeless(error: unknown): boolean {
  return error instanceof Poison || (error instanceof Problem && error.status < 500);
}

/** Details of a problem quote the event, which may tell of people: they are told in the dead letter alone. */
function loggedOf(error: unknown): string {
  const problem = [error, (error as Error | undefined)?.cause].find((each) => each instanceof Problem);
  return problem ? `${problem.code}: ${problem.title}` : describe(error);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
