import { Controller, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { anyOutcome, type CloudEvent } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import { Endpoints } from './endpoints.ts';
import { factOf } from './facts.ts';
import { MessageStore } from './message-store.ts';
import { WebhookSender } from './webhook-sender.ts';

/** Hears the outcomes that somebody wants to be told of. */
@Controller()
export class OutcomesController {
  constructor(
    private readonly store: MessageStore,
    private readonly sender: WebhookSender,
  ) {}

  /** Kept before it is acknowledged; told in its own time. */
  @EventPattern<string>(anyOutcome.type)
  async onOutcome(@Payload() event: CloudEvent): Promise<void> {
    const fact = factOf(event, new Date());
    if (fact && (await this.store.keep(fact)) > 0) void this.sender.look();
  }
}

const hourMs = 3_600_000;

/** Sees to it that the broker tells of what is wanted, and of nothing else. */
@Injectable()
export class Bindings implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Bindings.name);
  private readonly hourly = new Repeating(() => this.tend(), hourMs);

  constructor(
    private readonly endpoints: Endpoints,
    messages: Messages,
  ) {
    messages.onConnected(async () => {
      await this.endpoints.tendBindings();
      this.hourly.start();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.hourly.stop();
  }

  private async tend(): Promise<void> {
    try {
      await this.endpoints.tendBindings();
    } catch (error) {
      this.logger.warn({ msg: 'what webhooks want is bound later', error: (error as Error).message });
    }
  }
}
