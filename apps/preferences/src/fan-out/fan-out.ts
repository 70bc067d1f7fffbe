import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { TenantStandings } from '@carillon/service';
import { Catalogs } from '../catalog/catalogs.ts';
import { Notifying } from '../notifications/notifying.ts';
import { eventTypeOf } from '../notifications/planning.ts';
import { AudienceMembers } from './audience-members.ts';
import { FanOutStore, type ClaimedFanOut, type NewFanOut } from './fan-out-store.ts';
import { recipientsReached } from './metrics.ts';

/** Recipients per chunk: one statement each to read and to record them, and few enough that turns come round quickly. */
export const chunkSize = 500;
/** Chunks that a fan-out is brought forward by before it is another tenant's turn. */
const chunksPerTurn = 4;
/** Fan-outs that a replica works on at the same time. */
const workers = 2;
/** How often every replica looks for fan-outs that were begun or left behind by another. */
const tickMs = 1000;

/**
 * Brings events to audiences, chunk by chunk:
 *
 *   claim (the tenant whose turn is the longest ago) ─▶ 4 × (read the next 500 ─▶ decide, record ─▶ publish, confirm) ─▶ move the cursor
 *
 * That of a suspended tenant waits where it is. The cursor moves last. Whoever dies before leaves a claim that lapses, and the turn is done again by another: the same ids,
 * so that nobody is missed and nobody is notified twice. Recipients come in the order of their ids; one who is added meanwhile
 * is reached or not, one who was there is reached.
 */
@Injectable()
export class FanOut implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(FanOut.name);
  private readonly running = new Set<Promise<void>>();
  private tick?: NodeJS.Timeout;
  private stopping = false;

  constructor(
    private readonly store: FanOutStore,
    private readonly members: AudienceMembers,
    private readonly catalogs: Catalogs,
    private readonly notifying: Notifying,
    private readonly messages: Messages,
    private readonly standings: TenantStandings,
  ) {}

  onApplicationBootstrap(): void {
    this.tick ??= setInterval(() => this.wake(), tickMs);
  }

  /** Finishes the chunks in hand. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.tick);
    await Promise.all(this.running);
  }

  /** Resolves when the fan-out is recorded and so cannot be lost. */
  async begin(fanOut: NewFanOut): Promise<void> {
    await this.store.begin(fanOut);
    this.wake();
  }

  private wake(): void {
    while (this.running.size < workers && !this.stopping) {
      const worker = this.work().finally(() => this.running.delete(worker));
      this.running.add(worker);
    }
  }

  /** Takes turns until nothing is left. Never rejects. */
  private async work(): Promise<void> {
    try {
      // A claim without a broker would only be given back.
      while (!this.stopping && this.messages.trouble() === undefined) {
        const claimed = await this.store.claim();
        if (!claimed) return;
        await this.continue(claimed);
      }
    } catch (error) {
      this.logger.warn({ msg: 'fan-out waits', error: (error as Error).message });
    }
  }

  private async continue(fanOut: ClaimedFanOut): Promise<void> {
    try {
      await this.store.advance(fanOut, await this.turn(fanOut));
    } catch (error) {
      // What an admin has to mend, such as a type that has gone from the catalog, is looked at again every minute.
      const seconds = error instanceof Problem && error.status < 500 ? 60 : 2;
      const { message } = error as Error;
      this.logger.warn({ msg: 'fan-out waits', event: fanOut.event.id, seconds, error: message });
      await this.store.pause(fanOut, seconds, message);
    }
  }

  /** Returns the last recipient of the turn; undefined when the audience is at its end. */
  private async turn({ event, type: key, audience, cursor }: ClaimedFanOut): Promise<string | undefined> {
    const catalog = await this.catalogs.of(event.tenant);
    const [type] = catalog.meant(eventTypeOf(key));
    const chunks: Promise<void>[] = [];
    const failures: unknown[] = [];
    let last: string | undefined = cursor;
    const goesOn = () => failures.length === 0 && this.standings.of(event.tenant) === 'active';
    // Whoever claims it was told by the database that the tenant is active.
    while (last !== undefined && (chunks.length === 0 || (chunks.length < chunksPerTurn && goesOn()))) {
      const recipients = await this.members.after(event.tenant, audience, last, chunkSize);
      last = recipients.length < chunkSize ? undefined : recipients.at(-1)!.id;
      // Two are under way: while one waits for the broker, the next is decided.
      await chunks.at(-2);
      const chunk = this.notifying.notifyChunk(event, type!, catalog, recipients, Date.now());
      chunks.push(chunk.catch((error: unknown) => void failures.push(error)));
      recipientsReached.inc(recipients.length);
    }
    await Promise.all(chunks);
    if (failures.length > 0) throw failures[0];
    return last;
  }
}
