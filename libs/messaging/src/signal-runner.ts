import { Logger } from '@nestjs/common';
import type { ConsumeMessage } from 'amqplib';
import { decode } from './codec.ts';
import type { ItemHandler } from './item-runner.ts';
import { itemsConsumed } from './metrics.ts';
import { withTrace } from './trace.ts';

/**
 * Hands signals to their handler as they come: they are not acknowledged, wait for no dependency and are not tried again. Whoever
 * misses one reads what it told of.
 */
export class SignalRunner {
  private readonly logger: Logger;
  private readonly done: { inc(): void };
  private readonly dropped: { inc(): void };

  constructor(
    private readonly queue: string,
    private readonly type: string,
    private readonly handle: ItemHandler,
  ) {
    this.logger = new Logger(`signals ${queue}`);
    this.done = itemsConsumed.labels({ queue, outcome: 'done' });
    this.dropped = itemsConsumed.labels({ queue, outcome: 'dropped' });
  }

  /** Never rejects. */
  async run(message: ConsumeMessage): Promise<void> {
    const { exchange, routingKey, redelivered } = message.fields;
    const origin = { queue: this.queue, exchange, routingKey, redelivered, headers: message.properties.headers ?? {} };
    for (const item of decode(message, false)) {
      try {
        if ('invalid' in item) throw new Error(item.invalid);
        const { event } = item;
        if (event.type !== this.type) throw new Error(`this queue carries ${this.type}, not ${event.type}`);
        await withTrace(event.traceparent, () => this.handle(event, origin));
        this.done.inc();
      } catch (error) {
        this.dropped.inc();
        this.logger.error(error);
      }
    }
  }
}
