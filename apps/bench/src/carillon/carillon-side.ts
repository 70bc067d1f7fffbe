import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { emailRendered, type EmailRendered } from '@carillon/contracts';
import { Names, routingKeyOf, streetTopology } from '@carillon/messaging';
import { migrateService, serviceDatabaseUrl, type MigrationClass } from '@carillon/persistence';
import { audienceEvent } from '../front-door/event.ts';
import { Child } from '../run/child.ts';
import { freePort } from '../run/free-port.ts';
import { removeFromBroker } from '../run/remove-from-broker.ts';
import { stagesOf, type Side, type SideSetup } from '../run/side.ts';

/** How long a service may take from its start until it is ready. */
const readyWithinMs = 60_000;

/** Compiled applications lie next to this one: apps/bench/dist/src/carillon → apps, without dist in tests. */
const apps = new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../../../', import.meta.url);

/** Carillon itself, as `npm start` runs it (one process for each service, default settings), on its own schemas of the run's database. */
export class CarillonSide implements Side {
  readonly name = 'Carillon';
  readonly exchange: string;
  readonly emails: { exchange: string; key: string };
  readonly types = { in_app: 'system.updated', email: 'maintenance.planned', fan_out: audienceEvent };
  readonly inbox = { table: 'inbox.notifications', recipient: 'recipient' };
  readonly children: Child[] = [];
  private readonly names: Names;
  private gatewayPort = 0;

  /** @param wanted its services; unless given, all between the front door and what is measured */
  constructor(
    private readonly setup: SideSetup,
    private readonly wanted: readonly string[] = [...stagesOf(setup), ...(setup.withGateway ? ['gateway'] : [])],
  ) {
    this.names = new Names(setup.scratch.prefix);
    this.exchange = this.names.exchange('events');
    this.emails = {
      exchange: this.names.exchange('pipeline'),
      key: routingKeyOf(emailRendered, { lane: 'normal' } as EmailRendered),
    };
  }

  async start(): Promise<void> {
    const secret = randomBytes(32).toString('hex');
    for (const service of this.wanted) await this.migrate(service, secret);
    const ports: number[] = [];
    for (const service of this.wanted) {
      const port = await freePort();
      ports.push(port);
      if (service === 'gateway') this.gatewayPort = port;
      this.children.push(this.launch(service, port, secret));
    }
    await Promise.all(this.children.map((child, i) => ready(child, ports[i]!)));
  }

  /** Where client apps connect, and its process. */
  get gateway(): { url: string; pid: number } {
    const { pid } = this.children.find(({ name }) => name === 'Carillon gateway')!;
    return { url: `http://127.0.0.1:${this.gatewayPort}`, pid };
  }

  async addRecipients(tenant: string, count: number): Promise<void> {
    await this.setup.scratch.db.query(
      `INSERT INTO preferences.recipients (tenant, id, name, locale, time_zone, roles, tags, attributes, contacts)
       SELECT $1, 'recipient-' || i, 'Recipient ' || i, 'en', 'Africa/Nairobi', '{}', '{}', '{}',
              jsonb_build_array(jsonb_build_object('channel', 'email', 'address', 'recipient-' || i || '@example.org',
                                                   'label', null, 'verified', true, 'primary', true))
         FROM generate_series(0, $2 - 1) i`,
      [tenant, count],
    );
  }

  inApp(tenant: string): Promise<number> {
    return this.count('SELECT count(*)::int AS count FROM inbox.notifications WHERE tenant = $1', tenant);
  }

  reached(tenant: string): Promise<number> {
    return this.count(
      'SELECT count(DISTINCT recipient)::int AS count FROM inbox.notifications WHERE tenant = $1',
      tenant,
    );
  }

  emailsSent(tenant: string): Promise<number> {
    return this.count(
      `SELECT count(*)::int AS count FROM email_sender.deliveries WHERE tenant = $1 AND status = 'sent'`,
      tenant,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
    const { exchanges, queues } = streetTopology(this.names);
    await removeFromBroker(this.setup.scratch.amqpUrl, {
      queues: queues.map(({ name }) => name),
      exchanges: exchanges.map(({ name }) => name),
    });
  }

  private async migrate(service: string, secret: string): Promise<void> {
    const index = new URL(`${service}/dist/migrations/index.js`, apps);
    if (!existsSync(index)) throw new Error(`${service} is not built; "npm run bench" builds everything first`);
    const { migrations } = (await import(index.href)) as { migrations: MigrationClass[] };
    await migrateService({ adminUrl: this.setup.scratch.databaseUrl, service, migrations, secret });
  }

  private launch(service: string, port: number, secret: string): Child {
    return new Child({
      name: `Carillon ${service}`,
      file: new URL(`${service}/dist/src/main.js`, apps),
      ipc: false,
      profileTo: this.setup.profileTo,
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: serviceDatabaseUrl(this.setup.scratch.databaseUrl, service, secret),
        AMQP_URL: this.setup.scratch.amqpUrl,
        CARILLON_AMQP_PREFIX: this.setup.scratch.prefix,
        CARILLON_SECRET: secret,
        SMTP_URL: this.setup.smtpUrl,
        MAIL_FROM: 'Carillon <notifications@carillon.test>',
        NODE_ENV: 'production',
        ...this.setup.env,
      },
    });
  }

  private async count(sql: string, tenant: string): Promise<number> {
    const { rows } = await this.setup.scratch.db.query<{ count: number }>(sql, [tenant]);
    return rows[0]!.count;
  }
}

async function ready(child: Child, port: number): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  for (let reason = 'no answer'; ;) {
    if (child.trouble()) throw child.trouble();
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
      if (response.ok) return;
      reason = await response.text();
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) throw new Error(`${child.name} is not ready: ${reason}${child.said()}`);
    await sleep(100);
  }
}
