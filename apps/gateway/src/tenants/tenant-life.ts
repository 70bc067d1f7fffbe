import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { eraseTenantRows, heldForSuspension, putTenantStanding, rpcServices } from '@carillon/contracts';
import { Messages, replayRoute } from '@carillon/messaging';
import { Repeating } from '@carillon/service';
import { DeadLetterStore } from '../dead-letters/dead-letter-store.ts';
import { TenantStore, type PendingTenant } from './tenant-store.ts';
import type { Progress } from './tenant-view.ts';

const tickMs = 1_000;
/** Rows that a service deletes with one question: well below the time that an answer may take. */
const rowsAtOnce = 2_000;
const lettersAtOnce = 100;
/** Longer than every replica takes to hear how a tenant stands, and to finish what it had in hand. */
const settlingMs = 10_000;
/** After something was away. */
const pauseSeconds = 3;
/** An erasing question may wait for statements under way. */
const patienceMs = 65_000;

const standings = { active: 'active', suspended: 'suspended', erasing: 'erased', erased: 'erased' } as const;

/**
 * Brings the state of a tenant to all services, step by step; each step can be repeated, and the table remembers what is left, so
 * that a crash, or a service that is away, only delays it:
 *
 *   active     every service is told ─▶ what was held is published again ─▶ 10 s ─▶ so is what was held last
 *   suspended  every service is told
 *   erasing    every service is told ─▶ each deletes, portion by portion ─▶ 10 s ─▶ each deletes what was still on its way ─▶ erased
 */
@Injectable()
export class TenantLife implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(TenantLife.name);
  private readonly ticking = new Repeating(() => this.tick(), tickMs);
  private stopping = false;

  constructor(
    private readonly store: TenantStore,
    private readonly letters: DeadLetterStore,
    private readonly messages: Messages,
  ) {}

  onApplicationBootstrap(): void {
    this.ticking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.ticking.stop();
  }

  /** Never rejects. */
  private async tick(): Promise<void> {
    try {
      for (;;) {
        if (this.stopping || this.messages.trouble() !== undefined) return;
        const tenant = await this.store.claim();
        if (!tenant) return;
        await this.settle(tenant);
      }
    } catch (error) {
      this.logger.warn({ msg: 'tenants wait', error: (error as Error).message });
    }
  }

  private async settle(tenant: PendingTenant): Promise<void> {
    const progress: Progress = { ...tenant.progress, waiting_for: undefined };
    try {
      if (await this.proceed(tenant, progress)) await this.store.done(tenant, progress);
    } catch (error) {
      const waiting_for = (error as Error).message;
      this.logger.warn({ msg: 'a tenant waits', tenant: tenant.id, state: tenant.state, error: waiting_for });
      await this.store.release(tenant, pauseSeconds, { ...progress, waiting_for });
    }
  }

  /** @returns whether the state holds everywhere */
  private async proceed(tenant: PendingTenant, progress: Progress): Promise<boolean> {
    const { id, state } = tenant;
    const standing = standings[state];
    for (const service of rpcServices) await this.messages.call(putTenantStanding, { tenant: id, service, standing });
    if (state === 'active') return this.releaseHeld(tenant, progress);
    return state === 'suspended' || this.erase(tenant, progress);
  }

  private async releaseHeld(tenant: PendingTenant, progress: Progress): Promise<boolean> {
    if (!this.isSettled(progress)) return this.later(tenant, progress);
    for (;;) {
      const released = await this.letters.replayOldest(tenant.id, heldForSuspension, lettersAtOnce, (letter) => {
        const route = replayRoute(this.messages.names, letter);
        return this.messages.publisher.publishRaw(route, Buffer.from(letter.body, letter.body_encoding));
      });
      progress.released = (progress.released ?? 0) + released;
      if (this.stopping || !(await this.store.advance(tenant, progress))) return false;
      if (released === 0) break;
    }
    return this.isSecondSweep(progress) || this.settleDown(tenant, progress);
  }

  private async erase(tenant: PendingTenant, progress: Progress): Promise<boolean> {
    const services = (progress.services ??= {});
    if (!this.isSettled(progress)) return this.later(tenant, progress);
    const outlast = this.isSecondSweep(progress);
    for (const service of rpcServices) {
      for (let done = false; !done;) {
        const question = { tenant: tenant.id, service, most: rowsAtOnce, outlast };
        const { deleted, more } = await this.messages.call(eraseTenantRows, question, { timeoutMs: patienceMs });
        done = !more;
        services[service] = { deleted: (services[service]?.deleted ?? 0) + deleted, done: done && outlast };
        if (this.stopping || !(await this.store.advance(tenant, progress))) return false;
      }
    }
    return outlast || this.settleDown(tenant, progress);
  }

  /** The first sweep is over: what was on its way comes to rest before the second one. */
  private settleDown(tenant: PendingTenant, progress: Progress): Promise<false> {
    progress.swept_at = new Date().toISOString();
    return this.later(tenant, progress);
  }

  private isSecondSweep({ swept_at }: Progress): boolean {
    return swept_at !== undefined;
  }

  private isSettled({ swept_at }: Progress): boolean {
    return swept_at === undefined || Date.parse(swept_at) + settlingMs <= Date.now();
  }

  private async later(tenant: PendingTenant, progress: Progress): Promise<false> {
    await this.store.release(tenant, 1, progress);
    return false;
  }
}
