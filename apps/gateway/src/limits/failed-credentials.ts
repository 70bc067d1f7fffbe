import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { credentialsRefused, requestsLimited } from './metrics.ts';
import { networkOf } from './network.ts';
import { Windows, type Counted } from './windows.ts';

/** Credentials that were good lately, by their hashes, and for how long. */
const goodAtMost = 50_000;
const goodMs = 60 * 60_000;
/** In the place of a tenant: whose a wrong credential would be nobody knows. No tenant is called so. */
const nobody = '*';

/** What somebody has shown that was wrong. */
export type CredentialKind = 'api_key' | 'token' | 'session' | 'webhook' | 'invitation';

type Settings = Pick<GatewayConfig, 'CARILLON_SECRET' | 'RATE_LIMIT_WRONG_CREDENTIALS'>;

/**
 * How often an address may show what is no credential, all replicas together (passwords have a limit of their own: `SignInLimit`).
 * Beyond that nothing of it is looked up any more: guessing costs nobody but who guesses. Those who are right behind the same address
 * go on: what was good a while ago is let in, and of tokens, which need no look, the signature is verified all the same. A good
 * credential costs no statement.
 */
@Injectable()
export class FailedCredentials {
  private readonly windows: Windows;
  private readonly good = new LRUCache<string, true>({ max: goodAtMost, ttl: goodMs });
  private readonly quota: number;

  constructor(db: DataSource, @Inject(CONFIG) settings: Settings) {
    this.windows = new Windows(db, settings.CARILLON_SECRET);
    this.quota = settings.RATE_LIMIT_WRONG_CREDENTIALS;
  }

  /**
   * Before a credential is looked up.
   * @throws Problem 429 for an unknown one of an address that has shown too many wrong ones
   */
  admit(address: string, credential: string): void {
    const inMs = this.windows.fullFor(this.ofAddress(address));
    if (inMs !== undefined && !this.good.has(hashOf(credential))) throw this.tooMany('address', inMs);
  }

  /** Whether an address has shown so many wrong ones that no statement is worth its credentials. */
  isFull(address: string): boolean {
    return this.windows.fullFor(this.ofAddress(address)) !== undefined;
  }

  /** It was good. */
  remember(credential: string): void {
    this.good.set(hashOf(credential), true);
  }

  /** Counts a wrong one. @throws Problem 429 when there were too many before it */
  wrong(kind: CredentialKind, address: string): Promise<void> {
    credentialsRefused.inc({ kind });
    return this.count(this.ofAddress(address));
  }

  /**
   * Counts a token that was genuine and is over. It counts against its recipient: the phones of a whole school wake up behind one
   * address, and none of them guesses.
   * @throws Problem 429
   */
  expired({ tenant, recipient }: { tenant: string; recipient: string }): Promise<void> {
    credentialsRefused.inc({ kind: 'expired_token' });
    return this.count({ policy: 'expired', tenant, who: recipient, quota: this.quota });
  }

  private async count(counted: Counted): Promise<void> {
    if (counted.quota === 0) return;
    const { inMs } = await this.windows.take(counted);
    if (inMs !== undefined) throw this.tooMany(counted.policy, inMs);
  }

  private ofAddress(address: string): Counted {
    return { policy: 'address', tenant: nobody, who: networkOf(address), quota: this.quota };
  }

  private tooMany(policy: Counted['policy'], inMs: number): Problem {
    requestsLimited.inc({ policy });
    return tooManyWrong(this.quota, Math.max(1, Math.ceil(inMs / 1000)));
  }
}

/** 429 */
export function tooManyWrong(quota: number, retry_after: number): Problem {
  return new Problem({
    status: 429,
    code: 'too_many_attempts',
    title: 'Too many wrong credentials',
    detail: `At most ${quota} a minute are looked at. Send a valid one after the time in Retry-After.`,
    retry_after,
  });
}

function hashOf(credential: string): string {
  return hash('sha256', credential, 'base64');
}
