import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { outsideRequests } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { requestsLimited } from './metrics.ts';
import { rateStore, windowSeconds } from './rate-store.ts';
import { handed, nothing, pass, wanted, type Share } from './share.ts';

/** So many keys and recipients are remembered; of whom there are more, the database is asked more often. */
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
interface Counted {
  /** As the headers call it. */
  policy: 'key' | 'member' | 'recipient' | 'tenant';
  tenant: string;
  /** Tells it from others of the tenant. */
  who: string;
  quota: number;
}

/** What a request was told. */
export interface Verdict {
  /** `RateLimit-Policy` and `RateLimit`; undefined without any limit. */
  headers?: { policy: string; limit: string };
  /** Seconds until it makes sense to try again; undefined where the request may pass. */
  retryAfter?: number;
  /** Which limit was reached. */
  violated?: Counted;
}

type Settings = Pick<GatewayConfig, 'RATE_LIMIT_PER_KEY' | 'RATE_LIMIT_PER_RECIPIENT' | 'RATE_LIMIT_PER_TENANT'>;

/**
 * How many requests a minute each key, member and recipient may send, and a tenant altogether; all replicas together. Each replica is
 * handed shares ahead (the idea of the providers' rates in libs/delivery), so a request costs no statement, and what one
 * replica was handed no other lets through: the limit is never exceeded, and missed by what replicas did not use.
 */
@Injectable()
export class RateLimits {
  private readonly logger = new Logger(RateLimits.name);
  private readonly shares = new LRUCache<string, Known>({ max: remembered });
  private readonly ask: ReturnType<typeof rateStore>;

  constructor(
    db: DataSource,
    @Inject(CONFIG) private readonly settings: Settings,
  ) {
    this.ask = rateStore(db);
  }

  /** Counts a request of somebody, and says whether it may pass. */
  async count(caller: Caller): Promise<Verdict> {
    const all = countedOf(caller, this.settings).filter(({ quota }) => quota > 0);
    if (all.length === 0) return {};
    let violated: Counted | undefined;
    let retryAfter: number | undefined;
    const states: string[] = [];
    for (const counted of all) {
      // What the narrower limit refuses does not count towards the wider one.
      const { inMs, left, endsInMs } = violated ? this.peek(counted) : await this.take(counted);
      if (inMs !== undefined) {
        violated = counted;
        retryAfter = Math.max(1, Math.ceil(inMs / 1000));
        requestsLimited.inc({ policy: counted.policy });
      }
      states.push(`"${counted.policy}";r=${left};t=${Math.max(0, Math.ceil(endsInMs / 1000))}`);
    }
    const policy = all.map((counted) => `"${counted.policy}";q=${counted.quota};w=${windowSeconds}`).join(', ');
    return { headers: { policy, limit: states.join(', ') }, retryAfter, violated };
  }

  private async take(counted: Counted): Promise<{ inMs?: number; left: number; endsInMs: number }> {
    const place = placeOf(counted);
    let known = this.shares.get(place);
    if (!known) this.shares.set(place, (known = { share: nothing, waiting: 0 }));
    for (;;) {
      const now = performance.now();
      const decision = pass(known.share, now);
      if (decision.kind === 'pass') {
        known.share = decision.share;
        if (decision.refill) void this.refill(known, counted);
        return this.stateOf(known.share, now);
      }
      if (decision.kind === 'refuse') return { inMs: decision.inMs, ...this.stateOf(known.share, now) };
      known.waiting += 1;
      await this.refill(known, counted).finally(() => (known.waiting -= 1));
    }
  }

  private peek(counted: Counted): { inMs?: number; left: number; endsInMs: number } {
    return this.stateOf(this.shares.get(placeOf(counted))?.share ?? nothing, performance.now());
  }

  private stateOf({ left, unclaimed, endsAt }: Share, now: number): { left: number; endsInMs: number } {
    return now < endsAt ? { left: left + unclaimed, endsInMs: endsAt - now } : { left: 0, endsInMs: 0 };
  }

  private refill(known: Known, counted: Counted): Promise<void> {
    return (known.asking ??= this.askFor(known, counted).finally(() => (known.asking = undefined)));
  }

  private async askFor(known: Known, { policy, tenant, who, quota }: Counted): Promise<void> {
    // In the next turn, when all are counted that came in this one.
    await setImmediate();
    const count = Math.min(quota, Math.max(known.waiting, wanted(known.share, quota, performance.now())));
    const bucket = hash('sha256', `${policy}\n${who}`, 'base64url');
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

/** The narrower one first. Recipients have a whole of their own, so that no app uses up what its tenant's servers need. */
function countedOf(caller: Caller, settings: Settings): Counted[] {
  const { tenant } = caller;
  const { RATE_LIMIT_PER_KEY, RATE_LIMIT_PER_RECIPIENT, RATE_LIMIT_PER_TENANT: whole } = settings;
  switch (caller.kind) {
    case 'recipient':
      return [
        { policy: 'recipient', tenant, who: caller.recipient, quota: RATE_LIMIT_PER_RECIPIENT },
        { policy: 'tenant', tenant, who: 'recipients', quota: whole },
      ];
    case 'api_key':
      return [
        { policy: 'key', tenant, who: caller.keyId, quota: RATE_LIMIT_PER_KEY },
        { policy: 'tenant', tenant, who: 'servers', quota: whole },
      ];
    case 'member':
      return [
        { policy: 'member', tenant, who: caller.memberId, quota: RATE_LIMIT_PER_KEY },
        { policy: 'tenant', tenant, who: 'servers', quota: whole },
      ];
  }
}

function placeOf({ policy, tenant, who }: Counted): string {
  return `${policy}\n${tenant}\n${who}`;
}
