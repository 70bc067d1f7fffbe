import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { freshId } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { scopes, type Caller } from './scopes.ts';

type ApiKeyCaller = Extract<Caller, { kind: 'api_key' }>;

/** How long a looked-up key may be used without asking the database again; a revoked key lives on that long at most. */
const cacheMs = 5_000;
const cacheSize = 10_000;

/** API keys: random, shown once, stored as a SHA-256 hash (a key of 192 random bits needs no slow hash). */
@Injectable()
export class ApiKeys {
  private readonly cache = new Map<string, { caller: ApiKeyCaller | undefined; until: number }>();

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Registers DEV_API_KEY, if there is one, with every scope. */
  async registerDevelopmentKey(): Promise<void> {
    const { DEV_API_KEY: key, DEV_TENANT: tenant } = this.config;
    if (key) await this.store(tenant, 'development', key, scopes);
  }

  /** Creates a key. The text is returned once and never stored. */
  async create(tenant: string, name: string, granted: readonly string[]): Promise<string> {
    const key = `ck_${randomBytes(24).toString('base64url')}`;
    await this.store(tenant, name, key, granted);
    return key;
  }

  /** Whose key it is; undefined for an unknown or expired one. */
  async find(key: string): Promise<ApiKeyCaller | undefined> {
    const hash = hashOf(key);
    const cacheKey = hash.toString('base64');
    const cached = this.cache.get(cacheKey);
    if (cached && cached.until > Date.now()) return cached.caller;
    const [row] = await this.db.query(
      'SELECT id, tenant, name, scopes FROM api_keys WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())',
      [hash],
    );
    const caller: ApiKeyCaller | undefined = row && {
      kind: 'api_key',
      tenant: row.tenant,
      keyId: row.id,
      name: row.name,
      scopes: row.scopes,
    };
    if (this.cache.size >= cacheSize) this.cache.clear();
    this.cache.set(cacheKey, { caller, until: Date.now() + cacheMs });
    return caller;
  }

  private async store(tenant: string, name: string, key: string, granted: readonly string[]): Promise<void> {
    await this.db.query(
      'INSERT INTO api_keys (id, tenant, name, hash, scopes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING',
      [freshId(), tenant, name, hashOf(key), granted],
    );
  }
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
