import type { QueueDepth } from '@carillon/messaging';

/**
 * Since when messages have waited in queues that nobody consumes, as far as it was seen. Nobody can say how old the first message
 * of such a queue is, but as long as none is taken from it, it stays the first.
 */
export class Unconsumed {
  private readonly seen = new Map<string, { since: string; messages: number }>();

  /** @param expiring queues whose messages are gone after seconds, so that the first is soon another one */
  constructor(private readonly expiring: readonly string[]) {}

  /** @param now milliseconds since 1970 */
  see(depths: readonly QueueDepth[], now = Date.now()): void {
    for (const { queue, messages, consumers } of depths) {
      const before = this.seen.get(queue);
      if (!messages || consumers || this.expiring.includes(queue)) this.seen.delete(queue);
      // Fewer than before: somebody was there meanwhile, or somebody has emptied it.
      else if (before && before.messages <= messages) before.messages = messages;
      else this.seen.set(queue, { since: new Date(now).toISOString(), messages });
    }
  }

  since(queue: string): string | undefined {
    return this.seen.get(queue)?.since;
  }
}
