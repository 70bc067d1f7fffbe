import { createHash } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Repeating } from '@carillon/service';
import { DataSource } from 'typeorm';

/**
 * How old a signature may be. Mailgun tries for eight hours to deliver an event, so a shorter time would lose what happened while the
 * gateway was away.
 */
export const windowSeconds = 12 * 3_600;
const hourMs = 3_600_000;

/**
 * Remembers which event a signature came with. Mailgun signs a time and a token, not the event itself: whoever has seen one signature
 * could put it under any event. With the same event it is Mailgun asking again.
 */
@Injectable()
export class SignedTokens implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(SignedTokens.name);
  private readonly hourly = new Repeating(() => this.forget(), hourMs);

  constructor(private readonly db: DataSource) {}

  onApplicationBootstrap(): void {
    this.hourly.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.hourly.stop();
  }

  /** @returns false for a token that came with another event before */
  async isFirstUse(token: string, event: unknown): Promise<boolean> {
    const [{ event: remembered }]: [{ event: Buffer }] = await this.db.query(
      // The update changes nothing; it makes the row that is there already answer.
      `INSERT INTO signed_tokens (token, event) VALUES ($1, $2)
       ON CONFLICT (token) DO UPDATE SET event = signed_tokens.event RETURNING event`,
      [hashOf(token), hashOf(JSON.stringify(event))],
    );
    return remembered.equals(hashOf(JSON.stringify(event)));
  }

  /** Never rejects: what failed is tried again in an hour. */
  async forget(): Promise<void> {
    try {
      // Twice the window: a signature may also be as much ahead of our clock.
      await this.db.query(`DELETE FROM signed_tokens WHERE used_at < now() - make_interval(secs => $1)`, [
        2 * windowSeconds,
      ]);
    } catch (error) {
      this.logger.warn({ msg: 'used signatures are forgotten in an hour', error: (error as Error).message });
    }
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
