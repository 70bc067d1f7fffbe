import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import { Acknowledgements, type Settle } from './acknowledgements.ts';
import { closeChannel } from './close-channel.ts';
import { Abandoned } from './errors.ts';

/** Says whether the channel that a message came on still lives; work for a dead one is wasted, the broker redelivers. */
export type Alive = () => boolean;

export interface Subscription {
  /** The queue, as logs, metrics and health call it. */
  queue: string;
  /** Messages held unacknowledged; 0: as many as come, none of which is acknowledged. */
  prefetch: number;
  /**
   * Makes sure that the queue is there, whenever it is subscribed to. Returns its name at the broker.
   * @param channel on which it will be consumed
   */
  declare(connection: ChannelModel, channel: Channel): Promise<string>;
  work(message: ConsumeMessage, alive: Alive): Promise<void>;
  /** Called when the consumer is back after its channel or its queue was lost and the connection was not. */
  reattached?(): void;
}

/**
 * Consumes one queue: a channel of its own, a prefetch of its own, an acknowledgement only after the work is done.
 * The work must not fail for the message's sake (see ItemRunner, which parks); when it is abandoned, the message stays
 * unacknowledged and comes back with the next channel.
 */
export class Consumer {
  private readonly logger: Logger;
  private channel?: Channel;
  private consumerTag?: string;
  /** At the broker. */
  private queueName = '';
  private stopping = false;
  private readonly running = new Set<Promise<void>>();
  private acknowledgements?: Acknowledgements;

  constructor(private readonly subscription: Subscription) {
    this.logger = new Logger(`consumer ${subscription.queue}`);
  }

  get queue(): string {
    return this.subscription.queue;
  }

  /** Starts consuming on a (new) connection. */
  async attach(model: ChannelModel): Promise<void> {
    if (this.stopping) return;
    const channel = await model.createChannel();
    channel.on('error', (error: Error) => this.logger.warn(error.message));
    channel.on('close', () => this.lost(channel, model));
    const { prefetch } = this.subscription;
    if (prefetch > 0) await channel.prefetch(prefetch);
    const queue = await this.subscription.declare(model, channel);
    this.queueName = queue;
    this.channel = channel;
    const acknowledgements = (this.acknowledgements = prefetch > 0 ? new Acknowledgements(channel) : undefined);
    const take = (message: ConsumeMessage | null) => {
      if (message) this.take(channel, acknowledgements?.expect(message) ?? unacknowledged, message);
      else this.cancelledByBroker(channel);
    };
    const { consumerTag } = await channel.consume(queue, take, { noAck: prefetch === 0 });
    this.consumerTag = consumerTag;
  }

  /** Whether messages can arrive. */
  isConsuming(): boolean {
    return this.channel !== undefined;
  }

  /** When the oldest message in hand was published, in milliseconds since 1970; undefined when none is in hand. */
  oldestAt(): number | undefined {
    return this.channel && this.acknowledgements?.oldestAt();
  }

  /**
   * Resolves once nothing waits in its queue and nothing is in hand; after a while all the same, for what cannot be worked on now.
   * Twice nothing: what has left the queue may not have arrived here yet.
   */
  async caughtUp(limitMs: number): Promise<void> {
    const { channel, queueName } = this;
    const deadline = performance.now() + limitMs;
    for (let quiet = 0; quiet < 2 && channel && channel === this.channel && performance.now() < deadline;) {
      const { messageCount } = await channel.checkQueue(queueName);
      quiet = messageCount === 0 && this.running.size === 0 ? quiet + 1 : 0;
      if (quiet < 2) await sleep(20, undefined, { ref: false });
    }
  }

  /** Cancels, waits for the work at hand and its acknowledgement, closes the channel. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { channel, consumerTag } = this;
    if (channel && consumerTag) await channel.cancel(consumerTag).catch(() => undefined);
    await Promise.all(this.running);
    this.acknowledgements?.flush();
    this.channel = undefined;
    if (channel) await closeChannel(channel);
  }

  private take(channel: Channel, settle: Settle, message: ConsumeMessage): void {
    const job = this.end(message, settle, () => this.channel === channel);
    this.running.add(job);
    void job.finally(() => this.running.delete(job));
  }

  /** Works on the message and tells the broker. Never rejects. */
  private async end(message: ConsumeMessage, settle: Settle, alive: Alive): Promise<void> {
    try {
      await this.subscription.work(message, alive);
      settle('ack');
    } catch (error) {
      if (error instanceof Abandoned) return;
      this.logger.error(error);
      // Kept, it would hold one place of the prefetch for ever; refused, the broker moves it to the dead letters.
      settle('reject');
    }
  }

  /** The queue was deleted or moved: closing the channel makes `lost` begin anew. */
  private cancelledByBroker(channel: Channel): void {
    this.logger.warn('the broker cancelled this consumer; subscribing again');
    void closeChannel(channel);
  }

  private lost(channel: Channel, model: ChannelModel): void {
    if (this.channel !== channel) return;
    this.channel = undefined;
    if (!this.stopping) void this.reattach(model);
  }

  /** The channel died alone. If the connection died too, these attempts fail and the reconnect attaches instead. */
  private async reattach(model: ChannelModel): Promise<void> {
    for (let delay = 200; !this.channel && !this.stopping; delay = Math.min(delay * 2, 5_000)) {
      await sleep(delay, undefined, { ref: false });
      if (this.channel || this.stopping) return;
      try {
        await this.attach(model);
        this.subscription.reattached?.();
      } catch (error) {
        if (isConnectionGone(error)) return;
        this.logger.warn(`cannot consume ${this.queue}: ${(error as Error).message}`);
      }
    }
  }
}

const unacknowledged: Settle = () => undefined;

function isConnectionGone(error: unknown): boolean {
  return error instanceof Error && /connection (closed|closing|ended)/i.test(error.message);
}
