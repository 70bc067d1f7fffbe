import { IllegalOperationError, type ChannelModel, type ConfirmChannel, type Message } from 'amqplib';
import { cloudEventsBatchJson, cloudEventsJson, type CloudEvent } from '@carillon/contracts';
import { encodeBatch } from './codec.ts';
import { defaults } from './defaults.ts';
import { BrokerUnavailable, Unroutable } from './errors.ts';
import { confirmSeconds, itemsPublished } from './metrics.ts';

export interface Route {
  exchange: string;
  routingKey: string;
  /** Fail when no queue takes the message. */
  mandatory: boolean;
  /** How many items of this turn that go the same way share one message at most; 1: each has one of its own, structured. */
  batch: number;
  /** Extra AMQP properties of a message that is not batched. */
  properties?: {
    contentType?: string;
    contentEncoding?: string;
    headers?: Record<string, unknown>;
    messageId?: string;
  };
}

/** One AMQP message on its way: from the turn it was made in until the broker's confirm. */
interface Parcel {
  route: Route;
  content: Buffer;
  /** What its items count towards the bytes in memory. */
  bytes: number;
  items: { resolve(): void; reject(error: Error): void }[];
  deadline: number;
  sentAt: number;
  returned: boolean;
  settled: boolean;
}

/** The items of one turn that share a route, before they become a parcel. */
interface Gathering {
  route: Route;
  bodies: string[];
  bytes: number;
  items: Parcel['items'];
}

/**
 * Publishes with confirms. Items of one turn of the event loop with the same route become one CloudEvents batch, but for large
 * ones, which go alone. A parcel
 * is sent again after a reconnect until its deadline; repeated messages are harmless, because every id is deterministic.
 *
 *   publish → gathering (this turn) → waiting (no channel, or enough unconfirmed) → unconfirmed → settled
 *
 * A message that the broker cannot accept (an exchange that is gone, a body above the broker's limit) makes it close the
 * channel under all others. Those that were on their way then go one at a time until the guilty one is found and fails.
 */
export class Publisher {
  /** Undefined while there is none to send on; `latest` still names it while it is closing. */
  private channel?: ConfirmChannel;
  private latest?: ConfirmChannel;
  private readonly gatherings = new Map<string, Gathering>();
  private waiting: Parcel[] = [];
  private readonly unconfirmed = new Map<string, Parcel>();
  private items = 0;
  private bytes = 0;
  private tag = 0;
  /** Parcels, first in line, of which one made the broker close the channel. */
  private suspects = 0;
  private closed = false;
  private flushScheduled = false;
  private full = false;
  private readonly sweeper: NodeJS.Timeout;
  private idle: (() => void)[] = [];

  constructor(
    private readonly options: { confirmTimeoutMs: number; maxWaiting?: number; maxWaitingBytes?: number } = defaults,
  ) {
    this.sweeper = setInterval(() => this.expire(), 250).unref();
  }

  /** Gives the publisher its channel; to be called on every (re)connect. */
  async attach(model: ChannelModel): Promise<void> {
    const channel = await model.createConfirmChannel();
    channel.on('return', (message: Message) => {
      const parcel = this.unconfirmed.get(message.properties.correlationId as string);
      if (parcel) parcel.returned = true;
    });
    channel.on('drain', () => {
      this.full = false;
      this.send();
    });
    let refusal: Error | undefined;
    channel.on('error', (error: Error) => (refusal = error)); // 'close' follows and does the work
    channel.on('close', () => {
      if (this.latest !== channel) return;
      this.channel = undefined;
      this.takeBack(refusal);
      // The channel may die alone (say, of an exchange that someone deleted); a lost connection brings its own attach.
      this.attach(model).catch(() => undefined);
    });
    this.full = false;
    this.channel = this.latest = channel;
    this.send();
  }

  /**
   * Resolves once the broker has confirmed the item.
   * @throws BrokerUnavailable when no confirm comes in time; Unroutable when a mandatory message finds no queue
   */
  publish(route: Route, event: CloudEvent): Promise<void> {
    return this.publishRaw(route, JSON.stringify(event));
  }

  /** The same for a body that is encoded already. */
  publishRaw(route: Route, body: string | Buffer): Promise<void> {
    const { maxWaiting = defaults.maxWaiting, maxWaitingBytes = defaults.maxWaitingBytes } = this.options;
    const bytes = Buffer.byteLength(body);
    if (this.closed)
      return Promise.reject(new BrokerUnavailable('this process is stopping and publishes nothing more'));
    if (this.items >= maxWaiting || (this.items > 0 && this.bytes + bytes > maxWaitingBytes)) {
      return Promise.reject(
        new BrokerUnavailable(`${this.items} items already wait for RabbitMQ; nothing more is taken in`),
      );
    }
    this.items += 1;
    this.bytes += bytes;
    return new Promise((resolve, reject) => {
      const settle = { resolve, reject };
      if (route.batch === 1) {
        this.enqueue(route, typeof body === 'string' ? Buffer.from(body) : body, bytes, [settle]);
      } else {
        this.gather(route, String(body), bytes, settle);
      }
      this.scheduleFlush();
    });
  }

  /** Resolves when nothing is on its way any more. */
  async drained(): Promise<void> {
    if (this.items > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Waits for what is on its way (each at most until its deadline), then stops. */
  async close(): Promise<void> {
    await this.drained();
    this.closed = true;
    clearInterval(this.sweeper);
  }

  private gather(route: Route, body: string, bytes: number, settle: Parcel['items'][number]): void {
    const key = `${route.exchange}\n${route.routingKey}`;
    const large = bytes > defaults.largeBytes;
    let gathering = this.gatherings.get(key);
    const full = (items: number, all: number) => items >= route.batch || all + bytes > defaults.batchBytes;
    if (gathering && (large || full(gathering.items.length, gathering.bytes))) {
      this.seal(key, gathering);
      gathering = undefined;
    }
    if (!gathering) this.gatherings.set(key, (gathering = { route, bodies: [], bytes: 0, items: [] }));
    gathering.bodies.push(body);
    gathering.bytes += bytes;
    gathering.items.push(settle);
    if (large) this.seal(key, gathering);
  }

  private seal(key: string, { route, bodies, bytes, items }: Gathering): void {
    this.gatherings.delete(key);
    this.enqueue({ ...route, properties: { contentType: cloudEventsBatchJson } }, encodeBatch(bodies), bytes, items);
  }

  private enqueue(route: Route, content: Buffer, bytes: number, items: Parcel['items']): void {
    const deadline = Date.now() + this.options.confirmTimeoutMs;
    this.waiting.push({ route, content, bytes, items, deadline, sentAt: 0, returned: false, settled: false });
  }

  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      for (const [key, gathering] of this.gatherings) this.seal(key, gathering);
      this.send();
    });
  }

  /** The channel is gone with all that was not confirmed; `refusal` is the broker's reason if the broker closed it. */
  private takeBack(refusal?: Error): void {
    const parcels = [...this.unconfirmed.values()];
    this.unconfirmed.clear();
    if (refusal && parcels.length === 1) {
      this.suspects = Math.max(0, this.suspects - 1);
      this.settle(parcels[0]!, new Error(`RabbitMQ refuses the message: ${refusal.message}`));
    } else {
      this.waiting.unshift(...parcels);
      this.suspects = refusal ? parcels.length : 0;
    }
  }

  private send(): void {
    const limit = () => (this.suspects > 0 ? 1 : defaults.maxUnconfirmed);
    while (this.channel && !this.full && this.waiting.length > 0 && this.unconfirmed.size < limit()) {
      const parcel = this.waiting.shift()!;
      try {
        this.sendOne(this.channel, parcel);
      } catch (error) {
        if (!(error instanceof IllegalOperationError)) {
          // What AMQP cannot carry at all, such as a routing key of more than 255 bytes.
          this.settle(parcel, error as Error);
          continue;
        }
        // The channel is closing; its 'close' event follows and the parcel waits for the next one.
        this.waiting.unshift(parcel);
        this.channel = undefined;
      }
    }
  }

  private sendOne(channel: ConfirmChannel, parcel: Parcel): void {
    const { route, content } = parcel;
    const tag = String((this.tag += 1));
    parcel.sentAt = performance.now();
    parcel.returned = false;
    const accepted = channel.publish(
      route.exchange,
      route.routingKey,
      content,
      {
        contentType: cloudEventsJson,
        persistent: true,
        timestamp: Math.floor(Date.now() / 1000),
        mandatory: route.mandatory,
        ...route.properties,
        // Finds the parcel when the broker returns the message as unroutable.
        correlationId: tag,
      },
      (refused: unknown) => {
        // A dying channel fails its callbacks before it emits 'close', which then puts the parcel back in line.
        if (refused && isClosed(refused)) return;
        if (!this.unconfirmed.delete(tag)) return;
        if (this.suspects > 0) this.suspects -= 1;
        confirmSeconds.observe((performance.now() - parcel.sentAt) / 1000);
        if (parcel.returned) this.settle(parcel, new Unroutable(route.exchange, route.routingKey));
        else if (refused)
          this.settle(parcel, new BrokerUnavailable('RabbitMQ refused the message (queue full or node failing)'));
        else this.settle(parcel);
        this.send();
      },
    );
    this.unconfirmed.set(tag, parcel);
    if (!accepted) this.full = true;
  }

  private settle(parcel: Parcel, error?: Error): void {
    if (parcel.settled) return;
    parcel.settled = true;
    if (!error) itemsPublished.inc({ exchange: parcel.route.exchange }, parcel.items.length);
    for (const item of parcel.items) {
      if (error) item.reject(error);
      else item.resolve();
    }
    this.items -= parcel.items.length;
    this.bytes -= parcel.bytes;
    if (this.items === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  private expire(): void {
    const now = Date.now();
    const late = (parcel: Parcel) => parcel.deadline <= now;
    const error = () =>
      new BrokerUnavailable(`RabbitMQ did not confirm the message within ${this.options.confirmTimeoutMs} ms`);
    for (const parcel of this.waiting.filter(late)) this.settle(parcel, error());
    this.waiting = this.waiting.filter((parcel) => !parcel.settled);
    for (const [tag, parcel] of this.unconfirmed) {
      if (!late(parcel)) break; // sent in order, so the rest is younger
      this.unconfirmed.delete(tag);
      this.settle(parcel, error());
    }
    this.send();
  }
}

/** amqplib's word for "this channel closed before the broker answered", as against a nack by the broker. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && error.message === 'channel closed';
}
