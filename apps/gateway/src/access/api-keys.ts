import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { freshId, Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { KeyUses } from './key-uses.ts';
import { platformScope, scopes, type Caller, type Scope } from './scopes.ts';

type ApiKeyCaller = Extract<Caller, { kind: 'api_key' }>;

/** How long a looked-up key may be used without asking the database again; on other replicas a revoked key lives on that long at most. */
const cacheMs = 5_000;
/** Characters of a key that may be seen: 48 bits, which leaves 144 that nobody knows. */
/** In settings only: nobody can make a key with its scope. */
const platformKeyName = 'PLATFORM_API_KEY';
const prefixLength = 'ck_'.length + 8;

const columns = `id, name, prefix, scopes, created_at, created_by, expires_at, last_used_at, revoked_at, successor,
  CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'active' END AS state`;

/** An API key as its tenant's admins see it; the key itself is nowhere. */
export interface ApiKey {
  id: string;
  name: string;
  /** Its first characters, to know it by; null for keys made before there was this. */
  prefix: string | null;
  scopes: (Scope | typeof platformScope)[];
  state: 'active' | 'expired' | 'revoked';
  created_at: Date;
  created_by: string | null;
  expires_at: Date | null;
  /** To the minute. */
  last_used_at: Date | null;
  revoked_at: Date | null;
  /** The key that takes its place. */
  successor: string | null;
}

/** A key that was just made: the only time that it is seen. */
export type NewApiKey = ApiKey & { key: string };

interface Wanted {
  name: string;
  scopes: readonly string[];
  expires_at?: Date | null;
  created_by?: string | null;
}

type Sql = Pick<DataSource, 'query'>;

/** API keys: 192 random bits, shown once, stored as a SHA-256 hash (what is that random needs no slow hash). */
@Injectable()
export class ApiKeys {
  private readonly cache = new LRUCache<string, { caller: ApiKeyCaller | undefined }>({ max: 10_000, ttl: cacheMs });

  constructor(
    private readonly db: DataSource,
    private readonly uses: KeyUses,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Registers the keys that the settings name: DEV_API_KEY with every scope, PLATFORM_API_KEY in the place of a former one. */
  async registerSettings(): Promise<void> {
    const { DEV_API_KEY, PLATFORM_API_KEY, DEV_TENANT: tenant } = this.config;
    if (DEV_API_KEY) await this.register(tenant, DEV_API_KEY, 'development', [...scopes, platformScope]);
    if (PLATFORM_API_KEY) await this.register(tenant, PLATFORM_API_KEY, platformKeyName, [platformScope]);
    await this.db.query(
      `UPDATE api_keys SET revoked_at = CASE WHEN hash = $3 THEN NULL ELSE coalesce(revoked_at, now()) END
       WHERE name = $1 AND scopes = $2`,
      [platformKeyName, [platformScope], PLATFORM_API_KEY ? hashOf(PLATFORM_API_KEY) : Buffer.alloc(0)],
    );
  }

  /** Creates a key that does not expire, and tells nothing but the key itself. */
  async create(tenant: string, name: string, granted: readonly string[]): Promise<string> {
    return (await this.issue(tenant, { name, scopes: granted })).key;
  }

  /**
   * Creates a key.
   * @param id of a key that this request has made before, when nobody has been told of it: then that one becomes another
   */
  async issue(tenant: string, wanted: Wanted, id: string = freshId(), db: Sql = this.db): Promise<NewApiKey> {
    const key = `ck_${randomBytes(24).toString('base64url')}`;
    const again =
      '(id) DO UPDATE SET (hash, prefix) = (excluded.hash, excluded.prefix) WHERE k.tenant = excluded.tenant';
    const made = await this.store(db, { tenant, id, key, wanted }, again);
    this.forget(id);
    return { ...made!, key };
  }

  /** Makes another key of one that nobody has been told of, where there is that one. See {@link issue}. */
  async reissue(tenant: string, id: string): Promise<NewApiKey | undefined> {
    const [known] = await this.db.query<ApiKey[]>(`SELECT ${columns} FROM api_keys WHERE tenant = $1 AND id = $2`, [
      tenant,
      id,
    ]);
    return known && this.issue(tenant, known, id);
  }

  /** Newest first. */
  async list(
    tenant: string,
    { limit, after }: { limit: number; after: string | null },
  ): Promise<{ data: ApiKey[]; next: string | null }> {
    const rows: ApiKey[] = await this.db.query(
      `SELECT ${columns} FROM api_keys WHERE tenant = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [tenant, after, limit + 1],
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string, db: Sql = this.db, locked = ''): Promise<ApiKey> {
    const query = `SELECT ${columns} FROM api_keys WHERE tenant = $1 AND id = $2 ${locked}`;
    const [row] = await db.query<ApiKey[]>(query, [tenant, id]);
    if (!row) throw Problem.notFound('API key', id);
    return row;
  }

  /**
   * Makes a key that takes another's place: the same name and scopes, and a life as long where the other had an end. The other goes
   * on for the overlap, in which its users change over.
   *
   * @param overlap seconds
   * @param successorId see {@link issue}
   * @throws Problem 404; 409 `not_active`, `already_rotated`, `set_by_settings`
   */
  async rotate(
    tenant: string,
    id: string,
    overlap: number,
    { by, successorId }: { by: string; successorId: string },
  ): Promise<NewApiKey> {
    const successor = await this.db.transaction(async (db) => {
      const old = await this.get(tenant, id, db, 'FOR UPDATE');
      const { name, scopes } = old;
      if (old.successor === successorId) return this.issue(tenant, old, successorId, db);
      if (old.successor) throw conflict('already_rotated', `Its successor is ${old.successor}.`);
      if (old.scopes.includes(platformScope))
        throw conflict('set_by_settings', 'Give the setting that names it another value.');
      if (old.state !== 'active') throw conflict('not_active', `It is ${old.state}; create a new key instead.`);
      const life = old.expires_at ? old.expires_at.getTime() - old.created_at.getTime() : null;
      const expires_at = life === null ? null : new Date(Date.now() + life);
      const made = await this.issue(tenant, { name, scopes, expires_at, created_by: by }, successorId, db);
      await db.query(
        `UPDATE api_keys SET successor = $3, expires_at = least(expires_at, now() + $4 * interval '1 second')
         WHERE tenant = $1 AND id = $2`,
        [tenant, id, made.id, overlap],
      );
      return made;
    });
    this.forget(id);
    return successor;
  }

  /**
   * Ends a key: here at once, on other replicas within five seconds. Ending it again changes nothing.
   * @throws Problem 404
   */
  async revoke(tenant: string, id: string): Promise<ApiKey> {
    const [[row]] = await this.db.query<[ApiKey[]]>(
      `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
      [tenant, id],
    );
    if (!row) throw Problem.notFound('API key', id);
    this.forget(id);
    return row;
  }

  /** Whose key it is; undefined for one that is unknown, expired or revoked. */
  async find(key: string): Promise<ApiKeyCaller | undefined> {
    const hash = hashOf(key);
    const cacheKey = hash.toString('base64');
    let found = this.cache.get(cacheKey);
    if (!found) this.cache.set(cacheKey, (found = { caller: await this.lookUp(hash) }));
    if (found.caller) this.uses.note(found.caller.keyId);
    return found.caller;
  }

  /** A key that was registered before has other scopes now, perhaps. */
  private async register(tenant: string, key: string, name: string, granted: readonly string[]): Promise<void> {
    await this.store(this.db, { tenant, id: freshId(), key, wanted: { name, scopes: granted } }, '(hash) DO NOTHING');
    await this.db.query('UPDATE api_keys SET scopes = $2 WHERE hash = $1 AND scopes <> $2', [hashOf(key), granted]);
    await this.db.query(
      `INSERT INTO tenants (tenant, name, created_by) VALUES ($1, $1, 'settings') ON CONFLICT DO NOTHING`,
      [tenant],
    );
  }

  private async lookUp(hash: Buffer): Promise<ApiKeyCaller | undefined> {
    const [row] = await this.db.query(
      `SELECT id, tenant, name, scopes FROM api_keys
       WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
      [hash],
    );
    return row && { kind: 'api_key', tenant: row.tenant, keyId: row.id, name: row.name, scopes: row.scopes };
  }

  private forget(id: string): void {
    for (const [hash, { caller }] of this.cache.entries()) if (caller?.keyId === id) this.cache.delete(hash);
  }

  /** Undefined where nothing is to be done about a conflict. */
  private async store(
    db: Sql,
    { tenant, id, key, wanted }: { tenant: string; id: string; key: string; wanted: Wanted },
    onConflict: string,
  ): Promise<ApiKey | undefined> {
    const [row] = await db.query<ApiKey[]>(
      `INSERT INTO api_keys AS k (id, tenant, name, hash, prefix, scopes, expires_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ${onConflict} RETURNING ${columns}`,
      [
        id,
        tenant,
        wanted.name,
        hashOf(key),
        key.slice(0, prefixLength),
        wanted.scopes,
        wanted.expires_at ?? null,
        wanted.created_by ?? null,
      ],
    );
    return row;
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function conflict(code: string, detail: string): Problem {
  return new Problem({ status: 409, code, title: 'The key cannot be rotated', detail });
}
