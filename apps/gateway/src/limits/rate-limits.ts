import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { requestsLimited } from './metrics.ts';
import { windowSeconds } from './rate-store.ts';
import { Windows, type Counted } from './windows.ts';

/** What a request was told. */
export interface Verdict {
  /** `RateLimit-Policy` and `RateLimit`; undefined without any limit. */
  headers?: { policy: string; limit: string };
  /** Seconds until it makes sense to try again; undefined where the request may pass. */
  retryAfter?: number;
  /** Which limit was reached. */
  violated?: Counted;
}

type Settings = Pick<
  GatewayConfig,
  'CARILLON_SECRET' | 'RATE_LIMIT_PER_KEY' | 'RATE_LIMIT_PER_RECIPIENT' | 'RATE_LIMIT_PER_TENANT'
>;

/** How many requests a minute each key, member and recipient may send, and a tenant altogether; all replicas together. */
@Injectable()
export class RateLimits {
  private readonly windows: Windows;

  constructor(
    db: DataSource,
    @Inject(CONFIG) private readonly settings: Settings,
  ) {
    this.windows = new Windows(db, settings.CARILLON_SECRET);
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
      const { inMs, left, endsInMs } = violated ? this.windows.peek(counted) : await this.windows.take(counted);
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
