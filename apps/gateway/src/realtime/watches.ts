import { setTimeout as sleep } from 'node:timers/promises';
import { watchInboxes } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Inbox } from './feeds.ts';

const inboxesAtOnce = 1_000;
/** How long the inbox signals what happens; to be asked for again in time. */
export const watchedSeconds = 900;

interface Wish {
  inbox: Inbox;
  granted: () => void;
}

/** Asks the inbox to signal what happens to those who have a socket here; what is asked for in one turn goes together. */
@Injectable()
export class Watches implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Watches.name);
  private wishes: Wish[] = [];
  private stopping = false;

  constructor(private readonly messages: Messages) {}

  /** Resolves once signals are sent; while the inbox or the broker is away it is tried again and again. */
  watch(inbox: Inbox): Promise<void> {
    return new Promise((granted) => {
      if (this.wishes.push({ inbox, granted }) === 1) setImmediate(() => this.ask());
    });
  }

  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private ask(): void {
    const byTenant = Map.groupBy(this.wishes.splice(0), ({ inbox }) => inbox.tenant);
    for (const [tenant, wishes] of byTenant) {
      for (let start = 0; start < wishes.length; start += inboxesAtOnce)
        void this.askUntilGranted(tenant, wishes.slice(start, start + inboxesAtOnce));
    }
  }

  private async askUntilGranted(tenant: string, wishes: Wish[]): Promise<void> {
    const request = { tenant, recipients: wishes.map(({ inbox }) => inbox.recipient), seconds: watchedSeconds };
    for (let delay = 200; !this.stopping; delay = Math.min(delay * 2, 5_000)) {
      try {
        await this.messages.call(watchInboxes, request);
        for (const { granted } of wishes) granted();
        return;
      } catch (error) {
        this.logger.warn({ msg: 'cannot watch inboxes yet', inboxes: wishes.length, error: (error as Error).message });
        await sleep(delay * (0.5 + Math.random()), undefined, { ref: false });
      }
    }
  }
}
