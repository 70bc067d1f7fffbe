import pg from 'pg';
import { DiscreetClient, discreetDriver, DiscreetPool } from '../discreet-client.ts';
import { requestUnderWay } from './request-scope.ts';

/** What the policies ask for: whose rows may be seen. Empty or unset: nobody's. */
export const tenantSetting = 'carillon.tenant';

const saying = 'carillon_say_tenant';

/** The parts of `pg.Query` and of its connection that its types leave out; pg-cursor and pg-query-stream build on the same. */
interface Wire {
  bind(options: { statement: string; values: string[] }): void;
  execute(options: { portal: string; rows: number }): void;
}
const Query = pg.Query as unknown as new (
  config: unknown,
  values?: unknown,
  callback?: unknown,
) => {
  callback?: (error: Error | null, result?: unknown) => void;
  submit(wire: Wire): Error | null;
  requiresPreparation(): boolean;
  prepare(wire: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
};

/**
 * A statement that says first, in the same round trip, whose request it is. Until the Sync that ends them both the two are one
 * transaction, so the setting is gone with the statement and can be nobody else's.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class TenantQuery extends Query {
  private saying = false;

  constructor(
    private readonly client: WalledClient,
    private readonly tenant: string,
    ...query: [config: unknown, values?: unknown, callback?: unknown]
  ) {
    super(...query);
  }

  override submit(wire: Wire): Error | null {
    // In a transaction it was said when that began; in one that has failed nothing but its end can be said.
    this.saying = this.client.getTransactionStatus() === 'I';
    return super.submit(wire);
  }

  override requiresPreparation(): boolean {
    return this.saying || super.requiresPreparation();
  }

  override prepare(wire: Wire): void {
    if (this.saying) {
      wire.bind({ statement: saying, values: [this.tenant] });
      wire.execute({ portal: '', rows: 0 });
    }
    super.prepare(wire);
  }

  override handleDataRow(message: unknown): void {
    if (!this.saying) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.saying) this.saying = false;
    else super.handleCommandComplete(message, wire);
  }
}

/** A connection of the requests' role. */
class WalledClient extends DiscreetClient {
  /** Whose request has taken it out of the pool. */
  tenant?: string;

  // All the ways in which `pg` lets it be called.
  override query(config: any, values?: any, callback?: any): any {
    if (this.tenant === undefined || typeof config?.submit === 'function') return super.query(config, values, callback);
    const query = new TenantQuery(this, this.tenant, config, values, callback);
    if (query.callback) return super.query(query as any);
    return new Promise((resolve, reject) => {
      query.callback = (error, result) => (error ? reject(error) : resolve(result));
      super.query(query as any);
    });
  }
}

export interface WalledPoolOptions {
  /** The service's role for requests. */
  url: string;
  /** Its connections at most. */
  poolSize: number;
}

type Taken = (error?: Error, client?: pg.PoolClient, release?: (error?: Error | boolean) => void) => void;

/**
 * The pool of a service: hands out connections of the service's own role to the pipeline, and to requests those of a role that
 * sees the rows of one tenant alone, which is the request's. No statement of a request can get back to the other role: it
 * is another login.
 */
class WalledPool extends DiscreetPool {
  private readonly requests: pg.Pool;

  constructor(options: pg.PoolConfig, { url, poolSize }: WalledPoolOptions) {
    super(options);
    const prepare = async (client: pg.ClientBase): Promise<void> => {
      await client.query({ name: saying, text: `SELECT set_config('${tenantSetting}', $1, true)`, values: [''] });
    };
    const own = { connectionString: url, max: poolSize, Client: WalledClient, onConnect: prepare };
    this.requests = new pg.Pool({ ...options, ...own } as pg.PoolConfig);
    this.requests.on('error', (error, client) => this.emit('error', error, client));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | void {
    if (!taken) {
      return new Promise((resolve, reject) =>
        this.connect((error, client) => (error ? reject(error) : resolve(client!))),
      );
    }
    let request: ReturnType<typeof requestUnderWay>;
    try {
      request = requestUnderWay();
    } catch (error) {
      return taken(error as Error);
    }
    if (!request) return super.connect(taken as Parameters<pg.Pool['connect']>[0]);
    const { tenant } = request;
    this.requests.connect((error, client, release) => {
      if (client) (client as WalledClient).tenant = tenant;
      taken(error, client, release);
    });
  }

  override end(): Promise<void>;
  override end(ended: () => void): void;
  override end(ended?: (error?: Error) => void): Promise<void> | void {
    const both = Promise.all([super.end(), this.requests.end()]);
    if (!ended) return both.then(() => undefined);
    both.then(() => ended(), ended);
  }
}

/** `pg` as TypeORM takes it for its driver, with the pool of a service in place of its own. */
export function walledDriver(requests: WalledPoolOptions): object {
  class Pool extends WalledPool {
    constructor(options: pg.PoolConfig) {
      super(options, requests);
    }
  }
  return { ...discreetDriver, Pool };
}
