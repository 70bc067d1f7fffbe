import { Injectable, Logger } from '@nestjs/common';
import { anyOutcome, Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { ForbiddenTarget, OutboundGuard, SecretBox, SecretUnreadable } from '@carillon/service';
import { DataSource, type EntityManager } from 'typeorm';
import type { Endpoint, EndpointInput, EndpointPatch, NewEndpoint } from './endpoint.ts';
import { factKinds, kindsOf } from './facts.ts';
import { newSecret } from './signature.ts';

/** Endpoints of one tenant at most. */
const most = 20;

const columns = `id, url, description, events, state, failing_since, disabled_at, disabled_reason, created_at, created_by, updated_at`;

/** A secret as it is kept. */
export interface KeptSecret {
  sealed: string;
  /** RFC 3339; null: it is the newest one. */
  until: string | null;
  /** Which request has made it, of one that took another's place. */
  made_by?: string;
}

/** Where a tenant wants to be told. */
@Injectable()
export class Endpoints {
  private readonly logger = new Logger(Endpoints.name);

  constructor(
    private readonly db: DataSource,
    private readonly messages: Messages,
    private readonly box: SecretBox,
    private readonly guard: OutboundGuard,
  ) {}

  async list(tenant: string): Promise<Endpoint[]> {
    return this.db.query(`SELECT ${columns} FROM webhook_endpoints WHERE tenant = $1 ORDER BY id`, [tenant]);
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<Endpoint> {
    return found(
      id,
      await this.db.query(`SELECT ${columns} FROM webhook_endpoints WHERE tenant = $1 AND id = $2`, [tenant, id]),
    );
  }

  /**
   * From its answer on facts are told there.
   * @param id of one that this request has made before, when nobody has been told of it: then that one gets another secret
   * @throws Problem 422 `invalid_webhook`, 409 `too_many_webhooks`; BrokerUnavailable
   */
  async create(
    tenant: string,
    { url, description, events }: EndpointInput,
    { by, id }: { by: string; id: string },
  ): Promise<NewEndpoint> {
    await this.check(url);
    const secret = newSecret();
    const kept: KeptSecret[] = [{ sealed: this.seal(secret, tenant, id), until: null }];
    const endpoint = await this.changing(events, async (db) => {
      const [{ count }]: [{ count: number }] = await db.query(
        'SELECT count(*)::int AS count FROM webhook_endpoints WHERE tenant = $1 AND id <> $2',
        [tenant, id],
      );
      if (count >= most) {
        throw new Problem({
          status: 409,
          code: 'too_many_webhooks',
          title: 'There are too many webhooks',
          detail: `A tenant has ${most} at most; delete one first.`,
        });
      }
      return db.query<Endpoint[]>(
        `INSERT INTO webhook_endpoints (tenant, id, url, description, events, secrets, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, id) DO UPDATE SET secrets = excluded.secrets
         RETURNING ${columns}`,
        [tenant, id, url, description, events, JSON.stringify(kept), by],
      );
    });
    return { ...found(id, endpoint), secret };
  }

  /** @throws Problem 404, 422 `invalid_webhook`; BrokerUnavailable */
  async change(tenant: string, id: string, { url, description, events }: EndpointPatch): Promise<Endpoint> {
    if (url !== undefined) await this.check(url);
    const rows = await this.changing(events ?? undefined, (db) =>
      rowsOf(
        db,
        `UPDATE webhook_endpoints SET url = coalesce($3, url), description = coalesce($4, description),
           events = coalesce($5, events), updated_at = now()
         WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
        [tenant, id, url ?? null, description ?? null, events ?? null],
      ),
    );
    return found(id, rows);
  }

  /** Takes facts again, and goes on with those that wait. @throws Problem 404; BrokerUnavailable */
  async enable(tenant: string, id: string): Promise<Endpoint> {
    const { events } = await this.get(tenant, id);
    const rows = await this.changing(events, (db) =>
      rowsOf(
        db,
        `UPDATE webhook_endpoints SET state = 'active', failing_since = NULL, disabled_at = NULL, disabled_reason = NULL,
           notice_due = false, updated_at = now()
         WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
        [tenant, id],
      ),
    );
    return found(id, rows);
  }

  /** Tells nothing there any more; what waits stays until it is enabled again. @throws Problem 404 */
  async disable(tenant: string, id: string, reason: string): Promise<Endpoint> {
    const rows = await rowsOf(
      this.db.manager,
      `UPDATE webhook_endpoints SET state = 'disabled', disabled_at = coalesce(disabled_at, now()),
         disabled_reason = coalesce(disabled_reason, $3), updated_at = now()
       WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
      [tenant, id, reason],
    );
    return found(id, rows);
  }

  /** @returns what it was @throws Problem 404 */
  async remove(tenant: string, id: string): Promise<Endpoint> {
    const sql = `DELETE FROM webhook_endpoints WHERE tenant = $1 AND id = $2 RETURNING ${columns}`;
    return found(id, await rowsOf(this.db.manager, sql, [tenant, id]));
  }

  /**
   * A new secret; the former one signs as well for so many seconds.
   * @param made_by which request this is: when it comes again, because nobody was told, the former secret is still the former one
   * @throws Problem 404
   */
  async rotateSecret(tenant: string, id: string, overlap: number, made_by: string): Promise<NewEndpoint> {
    const secret = newSecret();
    const fresh: KeptSecret = { sealed: this.seal(secret, tenant, id), until: null, made_by };
    const endpoint = await this.db.transaction(async (db) => {
      const [row] = await db.query<{ secrets: KeptSecret[] }[]>(
        'SELECT secrets FROM webhook_endpoints WHERE tenant = $1 AND id = $2 FOR UPDATE',
        [tenant, id],
      );
      if (!row) throw Problem.notFound('webhook', id);
      const [former, ...earlier] = row.secrets;
      const until = new Date(Date.now() + overlap * 1000).toISOString();
      const replaced = former!.made_by === made_by ? earlier : [{ ...former!, until }];
      const secrets = overlap === 0 ? [fresh] : [fresh, ...replaced];
      return rowsOf(
        db,
        `UPDATE webhook_endpoints SET secrets = $3, updated_at = now() WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
        [tenant, id, JSON.stringify(secrets)],
      );
    });
    return { ...found(id, endpoint), secret };
  }

  /** Seals with the newest key what was sealed with a former one, so that this one can be taken out of the settings. */
  async reseal(): Promise<void> {
    const rows = await this.db.query<{ tenant: string; id: string; secrets: KeptSecret[] }[]>(
      `SELECT tenant, id, secrets FROM webhook_endpoints
       WHERE EXISTS (SELECT FROM jsonb_array_elements(secrets) AS kept WHERE NOT starts_with(kept ->> 'sealed', $1))`,
      [`s1.${this.box.keyId}.`],
    );
    for (const { tenant, id, secrets } of rows) {
      try {
        const fresh = secrets.map(({ sealed, ...kept }) => ({
          sealed: this.seal(this.box.open(sealed, ownerOf(tenant, id)), tenant, id),
          ...kept,
        }));
        await this.db.query(
          'UPDATE webhook_endpoints SET secrets = $4 WHERE tenant = $1 AND id = $2 AND secrets = $3',
          [tenant, id, JSON.stringify(secrets), JSON.stringify(fresh)],
        );
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error;
        this.logger.warn({ msg: 'the secret of a webhook cannot be used', tenant, webhook: id, reason: error.message });
      }
    }
  }

  /** The secrets that sign now. @throws SecretUnreadable */
  secretsOf(tenant: string, id: string, secrets: readonly KeptSecret[], now: Date): string[] {
    return secrets
      .filter(({ until }) => until === null || Date.parse(until) > now.getTime())
      .map(({ sealed }) => this.box.open(sealed, ownerOf(tenant, id)));
  }

  /**
   * Has the broker tell of what some endpoint wants, and of nothing else. For the service itself: it looks at the endpoints of all
   * tenants.
   * @throws BrokerUnavailable
   */
  async tendBindings(): Promise<void> {
    await this.db.transaction(async (db) => {
      await lockBindings(db);
      const rows: { events: string[] }[] = await db.query(
        `SELECT DISTINCT events FROM webhook_endpoints WHERE state = 'active'`,
      );
      const wanted = new Set(rows.flatMap(({ events }) => kindsOf(events)));
      const unwanted = factKinds.filter((kind) => !wanted.has(kind));
      await this.messages.bindOnDemand(anyOutcome, { bind: [...wanted], unbind: unwanted });
    });
  }

  /** A change after which more may be wanted: committed only once the broker tells of it. */
  private changing(
    events: readonly string[] | undefined,
    work: (db: EntityManager) => Promise<Endpoint[]>,
  ): Promise<Endpoint[]> {
    return this.db.transaction(async (db) => {
      // Nobody looks at what is wanted until it is committed, and takes the binding away again.
      await lockBindings(db);
      const rows = await work(db);
      if (events && rows.length > 0)
        await this.messages.bindOnDemand(anyOutcome, { bind: kindsOf(events), unbind: [] });
      return rows;
    });
  }

  private async check(url: string): Promise<void> {
    try {
      const { protocol, hostname, hash } = this.guard.checkUrl(url);
      if (hash) throw new ForbiddenTarget('must not contain a fragment');
      const isPlain = protocol === 'http:';
      if (isPlain && !this.guard.allowsPlain(await this.guard.resolve(hostname)))
        throw new ForbiddenTarget('must begin with https://');
    } catch (error) {
      const message = error instanceof ForbiddenTarget ? error.message : 'leads to a host that cannot be found';
      throw Problem.unprocessable('invalid_webhook', 'The webhook is not valid', [{ path: 'url', message }]);
    }
  }

  private seal(secret: string, tenant: string, id: string): string {
    return this.box.seal(secret, ownerOf(tenant, id));
  }
}

const lockBindings = (db: EntityManager) => db.query(`SELECT pg_advisory_xact_lock(hashtext('webhook bindings'))`);

const ownerOf = (tenant: string, id: string): string[] => ['webhook', tenant, id];

function found(id: string, [endpoint]: readonly Endpoint[]): Endpoint {
  if (!endpoint) throw Problem.notFound('webhook', id);
  return endpoint;
}

/** TypeORM answers a change with its rows and their number. */
async function rowsOf(db: EntityManager, sql: string, parameters: unknown[]): Promise<Endpoint[]> {
  const [rows] = await db.query<[Endpoint[], number]>(sql, parameters);
  return rows;
}
