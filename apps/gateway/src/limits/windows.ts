import { createHmac } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { outsideRequests } from '@carillon/persistence';
import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { rateStore } from './rate-store.ts';
import { handed, nothing, pass, wanted, type Share } from './share.ts';

/** So many of those who are counted are remembered; of whom there are more, the database is asked more often. */
const remembered = 50_000;
/** How long a replica counts by itself when the database cannot be asked. */
const withoutDatabaseMs = 1_000;

/** What this replica has of a limit. */
interface Known {
  share: Share;
  /** Requests that wait for what is asked for. */
  waiting: number;
  asking?: Promise<void>;
}

/** Somebody whose requests are counted together. */
export interface Counted {
  /** As the headers and metrics call it. */
  policy: 'key' | 'member' | 'recipient' | 'tenant' | 'address' | 'expired';
  tenant: string;
  /** Tells it from others of the tenant. */
  who: string;
  quota: number;
}

/** How somebody stands. */
interface Standing {
  /** Milliseconds until there is room again, of one for whom there was none. */
  inMs?: number;
  left: number;
  endsInMs: number;
}

/**
 * What is counted by the minute, all replicas together. Each replica is handed shares ahead (the idea of the providers' rates in
 * libs/delivery), so counting costs no statement, and what one replica was handed no other lets through: the limit is never
 * exceeded, and missed by what replicas did not use.
 */
export class Windows {
  private readonly logger = new Logger(Windows.name);
  private readonly shares = new LRUCache<string, Known>({ max: remembered });
  private readonly ask: ReturnType<typeof rateStore>;

  /** @param secret without it nobody can tell from what is kept who was counted */
  constructor(
    db: DataSource,
    private readonly secret: string,
  ) {
    this.ask = rateStore(db);
  }

  /** Counts one, if there is room for it; otherwise says when there is. */
  async take(counted: Counted): Promise<Standing> {
    const place = placeOf(counted);
    let known = this.shares.get(place);
    if (!known) this.shares.set(place, (known = { share: nothing, waiting: 0 }));
    for (;;) {
      const now = performance.now();
      const decision = pass(known.share, now);
      if (decision.kind === 'pass') {
        known.share = decision.share;
        if (decision.refill) void this.refill(known, counted);
        return stateOf(known.share, now);
      }
      if (decision.kind === 'refuse') return { inMs: decision.inMs, ...stateOf(known.share, now) };
      known.waiting += 1;
      await this.refill(known, counted).finally(() => (known.waiting -= 1));
    }
  }

  /** How somebody stands, as far as this replica knows without asking. */
  peek(counted: Counted): Standing {
    return stateOf(this.shareOf(counted), performance.now());
  }

  /** Milliseconds until there is room again, as far as this replica knows without asking; undefined where there may be some. */
  fullFor(counted: Counted): number | undefined {
    const decision = pass(this.shareOf(counted), performance.now());
    return decision.kind === 'refuse' ? decision.inMs : undefined;
  }

  private shareOf(counted: Counted): Share {
    return this.shares.get(placeOf(counted))?.share ?? nothing;
  }

  private refill(known: Known, counted: Counted): Promise<void> {
    return (known.asking ??= this.askFor(known, counted).finally(() => (known.asking = undefined)));
  }

  private async askFor(known: Known, { policy, tenant, who, quota }: Counted): Promise<void> {
    // In the next turn, when all are counted that came in this one.
    await setImmediate();
    const count = Math.min(quota, Math.max(known.waiting, wanted(known.share, quota, performance.now())));
    const bucket = createHmac('sha256', `rate limits ${this.secret}`).update(`${policy}\n${who}`).digest('base64url');
    try {
      const given = await outsideRequests(() => this.ask({ tenant, bucket, count }));
      known.share = handed(known.share, given, quota, performance.now());
    } catch (error) {
      // A limit that cannot be kept together is no reason to refuse anybody.
      this.logger.warn({ msg: 'rate limits are kept by each replica alone', error: (error as Error).message });
      const now = performance.now();
      known.share = {
        window: '',
        left: quota,
        unclaimed: 0,
        endsAt: now + withoutDatabaseMs,
        since: now,
        handed: quota,
      };
    }
  }
}

function stateOf({ left, unclaimed, endsAt }: Share, now: number): Standing {
  return now < endsAt ? { left: left + unclaimed, endsInMs: endsAt - now } : { left: 0, endsInMs: 0 };
}

function placeOf({ policy, tenant, who }: Counted): string {
  return `${policy}\n${tenant}\n${who}`;
}
