import type { Channel, ConsumeMessage } from 'amqplib';

interface Expected {
  message: ConsumeMessage;
  /** By this clock, for messages that do not say when they were published. */
  cameAt: number;
  done: boolean;
}

/**
 * Acknowledges what is done with as few frames as can be: at the end of a turn one "multiple" acknowledgement covers the oldest
 * messages up to the first that is not done, and only what is done behind that one is acknowledged by itself. For the broker one
 * frame is one command in the quorum queue's log.
 */
export class Acknowledgements {
  /** In the order of their delivery tags. */
  private unacknowledged: Expected[] = [];
  private scheduled = false;

  constructor(private readonly channel: Channel) {}

  /** To be called for every delivery of the channel, in order. */
  expect(message: ConsumeMessage): Settle {
    const expected = { message, cameAt: Date.now(), done: false };
    this.unacknowledged.push(expected);
    return (verdict) => {
      if (verdict === 'reject') return this.reject(expected);
      expected.done = true;
      if (this.scheduled) return;
      this.scheduled = true;
      setImmediate(() => this.flush());
    };
  }

  /** Acknowledges all that is done now. On a closed channel it does nothing: the broker delivers those again. */
  flush(): void {
    this.scheduled = false;
    const pending = this.unacknowledged.findIndex(({ done }) => !done);
    const oldest = pending === -1 ? this.unacknowledged : this.unacknowledged.slice(0, pending);
    const rest = pending === -1 ? [] : this.unacknowledged.slice(pending);
    try {
      if (oldest.length > 0) this.channel.ack(oldest.at(-1)!.message, true);
      for (const { message, done } of rest) if (done) this.channel.ack(message);
    } catch {
      // The channel is closed or closing.
    }
    this.unacknowledged = rest.filter(({ done }) => !done);
  }

  /** When the oldest message that is not done was published, in milliseconds since 1970; undefined when all are done. */
  oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { message, cameAt, done } of this.unacknowledged) {
      if (done) continue;
      const at = Math.min(publishedAt(message) ?? cameAt, cameAt);
      if (oldest === undefined || at < oldest) oldest = at;
    }
    return oldest;
  }

  private reject(expected: Expected): void {
    this.unacknowledged = this.unacknowledged.filter((other) => other !== expected);
    try {
      this.channel.reject(expected.message, false);
    } catch {
      // The channel is closed or closing.
    }
  }
}

/** To the second, as AMQP has it. Publishers of other systems may leave it out or count milliseconds, which is far in the future. */
function publishedAt({ properties }: ConsumeMessage): number | undefined {
  const seconds: unknown = properties.timestamp;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

/** Ends a message: acknowledged, or refused for the broker to move it to the dead letters. */
export type Settle = (verdict: 'ack' | 'reject') => void;
