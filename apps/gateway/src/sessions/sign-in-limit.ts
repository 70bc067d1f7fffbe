import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { networkOf } from '../limits/network.ts';

/** Minutes over which attempts that fail are counted. */
const windowMinutes = 15;
/** Of one address at one member: who has forgotten a password tries some. */
const perMemberAndAddress = 10;
/** Of all addresses at one member, or of one address at all members: many people share an address, few a member. */
const perMemberOrAddress = 100;

/**
 * How often somebody may try a password, counted in the database for all replicas together. An email that nobody has is counted
 * like any other. What succeeds is not counted.
 */
@Injectable()
export class SignInLimit {
  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /**
   * Counts an attempt before it is looked at, so that many at a time are counted too.
   * @param who whoever it is that somebody wants to be
   * @param address where the attempt comes from
   * @param isKnownBrowser the member has signed in with it before: it is counted by itself, so that no stranger's attempts keep
   *   the member out
   * @returns takes the attempt back, once it has succeeded
   * @throws Problem 429
   */
  async take(
    who: readonly [tenant: string, email: string],
    address: string,
    isKnownBrowser = false,
  ): Promise<() => Promise<void>> {
    const network = networkOf(address);
    const limits = new Map(
      isKnownBrowser
        ? [[this.subject(['known', ...who]), perMemberAndAddress]]
        : [
            [this.subject(['both', ...who, network]), perMemberAndAddress],
            [this.subject(['member', ...who]), perMemberOrAddress],
            [this.subject(['address', network]), perMemberOrAddress],
          ],
    );
    // In one order, so that attempts at the same time do not lock each other out for good.
    const subjects = [...limits.keys()].sort().map((hex) => Buffer.from(hex, 'hex'));
    const counts = await this.db.query<{ subject: Buffer; attempts: number; seconds: number }[]>(
      `INSERT INTO sign_in_attempts AS counted (subject, attempts, ends_at)
       SELECT subject, 1, now() + $2 * interval '1 minute' FROM unnest($1::bytea[]) AS subject
       ON CONFLICT (subject) DO UPDATE SET
         attempts = CASE WHEN counted.ends_at <= now() THEN 1 ELSE counted.attempts + 1 END,
         ends_at = CASE WHEN counted.ends_at <= now() THEN excluded.ends_at ELSE counted.ends_at END
       RETURNING subject, attempts, ceil(extract(epoch FROM ends_at - now()))::int AS seconds`,
      [subjects, windowMinutes],
    );
    const over = counts.filter(({ subject, attempts }) => attempts > limits.get(subject.toString('hex'))!);
    if (over.length > 0)
      throw new Problem({
        status: 429,
        code: 'too_many_attempts',
        title: 'Too many attempts to sign in',
        detail: 'Wait, or ask an owner for a new invitation.',
        retry_after: Math.max(...over.map(({ seconds }) => seconds)),
      });
    return async () => {
      await this.db.query('UPDATE sign_in_attempts SET attempts = greatest(attempts - 1, 0) WHERE subject = ANY ($1)', [
        subjects,
      ]);
    };
  }

  /** Neither email nor address can be read from what is kept. */
  private subject(parts: readonly string[]): string {
    const key = `sign-in attempts ${this.config.CARILLON_SECRET}`;
    return createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
  }
}
