import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  suppressionAsked,
  timeOfId,
  uuidv8,
  type CloudEvent,
  type Receipt,
  type SentChannel,
} from '@carillon/contracts';
import { withTrace, type Messages } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import type { Announcer } from '../outcomes/announcer.ts';
import { receiptsTotal } from './metrics.ts';
import type { IncomingReceipt, ReceiptStore } from './receipt-store.ts';

const lookEveryMs = 1_000;
const lookedAtOnce = 100;

/**
 * Takes what providers report later: records it with its delivery, tells of the state that the delivery has reached, and asks for an
 * address that bounced or complained to be suppressed. What came before its attempt was recorded is looked at again every second.
 */
export class Receipts implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Receipts.name);
  private readonly looking = new Repeating(() => this.look(), lookEveryMs);

  constructor(
    private readonly store: ReceiptStore,
    private readonly announcer: Announcer,
    private readonly messages: Messages,
    private readonly channel: SentChannel,
  ) {}

  onApplicationBootstrap(): void {
    this.looking.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.looking.stop();
  }

  /** Resolves when everything that follows from the receipt is recorded and confirmed. May run twice for the same one. */
  async take({ id, data }: Pick<CloudEvent<Receipt>, 'id' | 'data'>): Promise<void> {
    const matched = await this.follow({ id, receipt: data });
    receiptsTotal.inc({ channel: this.channel, provider: data.provider, says: data.says, matched: String(matched) });
  }

  /** Looks for the deliveries of receipts that came early. Never rejects: what failed is looked at again. */
  async look(): Promise<void> {
    try {
      for (const early of await this.store.claimEarly(lookedAtOnce)) {
        await this.follow(early);
        await this.store.forgetEarly(early);
      }
    } catch (error) {
      this.logger.debug({ msg: 'cannot look for early receipts', error: (error as Error).message });
    }
  }

  /** @returns whether it belongs to a delivery that is here */
  private async follow(incoming: IncomingReceipt): Promise<boolean> {
    const recorded = await this.store.record(incoming);
    if (recorded.kind !== 'matched') {
      const { provider, says } = incoming.receipt;
      this.logger.debug({ msg: 'a receipt without its delivery', kind: recorded.kind, provider, says });
      return false;
    }
    const { fact, destination, tell } = recorded;
    const { contact_fault, provider, error, at } = incoming.receipt;
    if (tell) await this.announcer.announce(fact);
    if (contact_fault !== null) {
      await withTrace(fact.traceparent ?? undefined, () =>
        this.messages.publish(
          suppressionAsked,
          {
            channel: this.channel,
            address: destination,
            suppress: true,
            reason: contact_fault,
            note: error,
            by: provider,
            at,
          },
          { tenant: fact.tenant, id: uuidv8(timeOfId(fact.id), 'suppression', fact.tenant, fact.id, incoming.id) },
        ),
      );
    }
    return true;
  }
}
