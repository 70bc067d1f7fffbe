import { Problem } from '@carillon/contracts';
import { LRUCache } from 'lru-cache';

const minute = 60_000;

/**
 * How often one public link is worked for. Links are not guessed, so each is counted by itself: many people share an address, and the
 * pictures of all who use one mail service are fetched from a few. Each replica counts for itself.
 */
export class VisitLimit {
  private readonly visits = new LRUCache<string, { until: number; count: number }>({ max: 50_000, ttl: minute });

  constructor(private readonly perMinute: number) {}

  /**
   * Counts a visit.
   * @param now Unix milliseconds
   * @throws Problem 429 once there were too many in a minute
   */
  take(link: string, now: number = Date.now()): void {
    let window = this.visits.get(link);
    if (!window || window.until <= now) this.visits.set(link, (window = { until: now + minute, count: 0 }));
    if (++window.count <= this.perMinute) return;
    throw new Problem({
      status: 429,
      code: 'too_many_requests',
      title: 'This link is asked for too often',
      detail: `It may be asked for ${this.perMinute} times a minute.`,
      retry_after: Math.ceil((window.until - now) / 1000),
    });
  }
}
