import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { SecretBox, SecretUnreadable } from '@carillon/service';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { KeySets } from './key-sets.ts';

/** How long what a tenant has set up is used before it is read again: on other replicas a change takes that long at most. */
const cacheMs = 5_000;
/** How long a tenant is known whose keys have been asked for. */
const knownMs = 60 * 60_000;
/** Two for a rotation, and some for several services that sign. */
export const secretsAtMost = 5;

/** What key sets may sign with; asymmetric only, so that no public key is ever taken for a secret. */
export const keySetAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** A tenant's secret for HS256, without the secret. */
export interface TokenSecret {
  kid: string;
  created_at: Date;
  created_by: string;
}

/** Where the public keys of a tenant's identity provider are, and what its tokens must say. */
export interface TokenKeySet {
  url: string;
  algorithms: (typeof keySetAlgorithms)[number][];
  issuer: string | null;
  audience: string;
  updated_at: Date;
  updated_by: string;
}

/** What tokens of a tenant may be signed with, ready for use. */
export interface TokenKeysInUse {
  secrets: { kid: string; secret: Uint8Array; signer: TokenSigner }[];
  keySet: (TokenKeySet & { signer: TokenSigner }) | undefined;
}

/** Tells one secret, or one setting of the key set, from whatever takes its place. */
export type TokenSigner = `${'secret' | 'key set'} ${string}`;

/** By which keys a tenant's own recipient tokens are known to be genuine. */
@Injectable()
export class TokenKeys {
  private readonly logger = new Logger(TokenKeys.name);
  private readonly cache = new LRUCache<string, TokenKeysInUse>({ max: 10_000, ttl: cacheMs });
  private readonly known = new LRUCache<string, true>({ max: 10_000, ttl: knownMs });
  private readonly listeners: ((tenant: string) => Promise<void>)[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly box: SecretBox,
    readonly sets: KeySets,
  ) {}

  /** The keys of a tenant that was asked for within the last hour; undefined for others, of whom somebody may invent any number. */
  async ofKnown(tenant: string): Promise<TokenKeysInUse | undefined> {
    return this.known.has(tenant) ? this.inUse(tenant) : undefined;
  }

  /** The keys of a tenant; of one that nobody knows: none. */
  async inUse(tenant: string): Promise<TokenKeysInUse> {
    const cached = this.cache.get(tenant);
    if (cached) return cached;
    const [sealed, keySet] = await Promise.all([
      this.db.query<{ kid: string; sealed: string; created_at: Date }[]>(
        'SELECT kid, sealed, created_at FROM token_secrets WHERE tenant = $1 ORDER BY created_at DESC',
        [tenant],
      ),
      this.keySet(tenant),
    ]);
    const secrets = sealed.flatMap(({ kid, sealed, created_at }) => {
      const secret = this.opened(tenant, kid, sealed);
      const signer = signerOf('secret', kid, created_at);
      return secret === undefined ? [] : [{ kid, secret: new TextEncoder().encode(secret), signer }];
    });
    const keys = { secrets, keySet: keySet && { ...keySet, signer: signerOf('key set', '', keySet.updated_at) } };
    this.cache.set(tenant, keys);
    this.known.set(tenant, true);
    return keys;
  }

  /**
   * What tokens of these tenants may be signed with as of now, whatever is remembered: which of what was in force no longer is.
   * @returns by tenant; nothing for one that has neither secrets nor a key set
   */
  async inForce(tenants: readonly string[]): Promise<Map<string, Set<TokenSigner>>> {
    const rows = await this.db.query<{ tenant: string; kind: 'secret' | 'key set'; name: string; since: Date }[]>(
      `SELECT tenant, 'secret' AS kind, kid AS name, created_at AS since FROM token_secrets WHERE tenant = ANY ($1)
       UNION ALL SELECT tenant, 'key set', '', updated_at FROM token_key_sets WHERE tenant = ANY ($1)`,
      [tenants],
    );
    const signers = new Map<string, Set<TokenSigner>>();
    for (const { tenant, kind, name, since } of rows)
      signers.set(tenant, (signers.get(tenant) ?? new Set()).add(signerOf(kind, name, since)));
    return signers;
  }

  /** Calls back when keys of a tenant are taken away or replaced on this replica, and waits for it. */
  onChange(listener: (tenant: string) => Promise<void>): void {
    this.listeners.push(listener);
  }

  /** Reads the keys of a tenant anew when they are next needed. */
  forget(tenant: string): void {
    this.cache.delete(tenant);
  }

  /** Newest first. */
  secrets(tenant: string): Promise<TokenSecret[]> {
    return this.db.query(
      'SELECT kid, created_at, created_by FROM token_secrets WHERE tenant = $1 ORDER BY created_at DESC',
      [tenant],
    );
  }

  async keySet(tenant: string): Promise<TokenKeySet | undefined> {
    const [row] = await this.db.query<TokenKeySet[]>(
      `SELECT url, algorithms, issuer, audience, updated_at, updated_by FROM token_key_sets WHERE tenant = $1`,
      [tenant],
    );
    return row;
  }

  /**
   * Adds a secret; without one a new one of 256 random bits.
   * @throws Problem 409 `kid_in_use`, `too_many_secrets`
   */
  async addSecret(
    tenant: string,
    { kid, secret, by }: { kid: string; secret?: string; by: string },
  ): Promise<TokenSecret & { secret: string }> {
    const text = secret ?? randomBytes(32).toString('base64url');
    const added = await this.db.transaction(async (db) => {
      await db.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`token secrets of ${tenant}`]);
      const known = await db.query<{ kid: string }[]>('SELECT kid FROM token_secrets WHERE tenant = $1', [tenant]);
      if (known.some((one) => one.kid === kid)) throw conflict('kid_in_use', 'Choose another kid.');
      if (known.length >= secretsAtMost)
        throw conflict('too_many_secrets', `There are ${secretsAtMost} already; remove one that is not used any more.`);
      const [row] = await db.query<TokenSecret[]>(
        `INSERT INTO token_secrets (tenant, kid, sealed, created_by) VALUES ($1, $2, $3, $4)
         RETURNING kid, created_at, created_by`,
        [tenant, kid, this.box.seal(text, ownerOf(tenant, kid)), by],
      );
      return row!;
    });
    this.forget(tenant);
    return { ...added, secret: text };
  }

  /** @throws Problem 404 */
  async removeSecret(tenant: string, kid: string): Promise<TokenSecret> {
    const [[row]] = await this.db.query<[TokenSecret[]]>(
      'DELETE FROM token_secrets WHERE tenant = $1 AND kid = $2 RETURNING kid, created_at, created_by',
      [tenant, kid],
    );
    if (!row) throw Problem.notFound('secret', kid);
    await this.changed(tenant);
    return row;
  }

  async putKeySet(tenant: string, set: Omit<TokenKeySet, 'updated_at'>): Promise<TokenKeySet> {
    const [row] = await this.db.query<TokenKeySet[]>(
      `INSERT INTO token_key_sets (tenant, url, algorithms, issuer, audience, updated_by) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant) DO UPDATE SET (url, algorithms, issuer, audience, updated_by, updated_at)
         = ($2, $3, $4, $5, $6, now())
       RETURNING url, algorithms, issuer, audience, updated_at, updated_by`,
      [tenant, set.url, set.algorithms, set.issuer, set.audience, set.updated_by],
    );
    await this.changed(tenant);
    return row!;
  }

  /** @throws Problem 404 */
  async removeKeySet(tenant: string): Promise<TokenKeySet> {
    const [[row]] = await this.db.query<[TokenKeySet[]]>(
      `DELETE FROM token_key_sets WHERE tenant = $1 RETURNING url, algorithms, issuer, audience, updated_at, updated_by`,
      [tenant],
    );
    if (!row) throw Problem.notFound('key set', tenant);
    await this.changed(tenant);
    return row;
  }

  /** Seals what older keys have sealed with the newest one, so that the older ones can go. At start. */
  async reseal(): Promise<void> {
    const rows = await this.db.query<{ tenant: string; kid: string; sealed: string }[]>(
      'SELECT tenant, kid, sealed FROM token_secrets WHERE NOT starts_with(sealed, $1)',
      [`s1.${this.box.keyId}.`],
    );
    for (const { tenant, kid, sealed } of rows) {
      const secret = this.opened(tenant, kid, sealed);
      if (secret === undefined) continue;
      await this.db.query('UPDATE token_secrets SET sealed = $4 WHERE tenant = $1 AND kid = $2 AND sealed = $3', [
        tenant,
        kid,
        sealed,
        this.box.seal(secret, ownerOf(tenant, kid)),
      ]);
    }
  }

  private async changed(tenant: string): Promise<void> {
    this.forget(tenant);
    for (const tell of this.listeners) await tell(tenant);
  }

  private opened(tenant: string, kid: string, sealed: string): string | undefined {
    try {
      return this.box.open(sealed, ownerOf(tenant, kid));
    } catch (error) {
      if (!(error instanceof SecretUnreadable)) throw error;
      this.logger.warn({ msg: 'a secret for recipient tokens cannot be used', tenant, kid, reason: error.message });
      return undefined;
    }
  }
}

function signerOf(kind: 'secret' | 'key set', name: string, since: Date): TokenSigner {
  return `${kind} ${name} ${since.toISOString()}`;
}

function ownerOf(tenant: string, kid: string): string[] {
  return [tenant, 'recipient tokens', kid];
}

function conflict(code: string, detail: string): Problem {
  return new Problem({ status: 409, code, title: 'The secret cannot be added', detail });
}
