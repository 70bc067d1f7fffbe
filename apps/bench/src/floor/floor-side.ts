import { audienceEvent } from '../front-door/event.ts';
import { Child, program } from '../run/child.ts';
import { removeFromBroker } from '../run/remove-from-broker.ts';
import { stagesOf, type Side, type SideSetup, type Stage } from '../run/side.ts';
import { floorSchema } from './schema.ts';
import { declareFloor, floorLeftovers, floorNames } from './topology.ts';

/** The bare floor: the same hops and guarantees on amqplib, pg and nodemailer alone. */
export class FloorSide implements Side {
  readonly name = 'floor';
  readonly exchange: string;
  readonly emails: { exchange: string; key: string };
  readonly types = { in_app: 'bench.in_app', email: 'bench.email', fan_out: audienceEvent };
  readonly inbox = { table: 'floor.inbox', recipient: 'recipient' };
  readonly children: Child[] = [];
  private readonly names;

  constructor(private readonly setup: SideSetup) {
    this.names = floorNames(`${setup.scratch.prefix}.floor`);
    this.exchange = this.names.events;
    this.emails = { exchange: this.names.pipeline, key: 'rendered.email' };
  }

  async start(): Promise<void> {
    await this.setup.scratch.db.query(floorSchema);
    await declareFloor(this.setup.scratch.channel, this.names);
    await Promise.all(stagesOf(this.setup).map((stage) => this.launch(stage)));
  }

  /** Resolves when it is ready. */
  async launch(stage: Stage): Promise<void> {
    const child = new Child({
      name: `floor ${stage}`,
      file: program(`./${stage}.main`, import.meta.url),
      profileTo: this.setup.profileTo,
      env: {
        DATABASE_URL: this.setup.scratch.databaseUrl,
        AMQP_URL: this.setup.scratch.amqpUrl,
        SMTP_URL: this.setup.smtpUrl,
        FLOOR_PREFIX: `${this.setup.scratch.prefix}.floor`,
      },
    });
    this.children.push(child);
    await child.next();
  }

  async addRecipients(tenant: string, count: number): Promise<void> {
    await this.setup.scratch.db.query(
      `INSERT INTO floor.recipients (tenant, id, name, locale, time_zone)
       SELECT $1, 'recipient-' || i, 'Recipient ' || i, 'en', 'Africa/Nairobi' FROM generate_series(0, $2 - 1) i`,
      [tenant, count],
    );
    await this.setup.scratch.db.query(
      `INSERT INTO floor.contacts (tenant, recipient, channel, address)
       SELECT $1, 'recipient-' || i, 'email', 'recipient-' || i || '@example.org' FROM generate_series(0, $2 - 1) i`,
      [tenant, count],
    );
  }

  inApp(tenant: string): Promise<number> {
    return this.count('SELECT count(*)::int AS count FROM floor.inbox WHERE tenant = $1', tenant);
  }

  reached(tenant: string): Promise<number> {
    return this.count('SELECT count(DISTINCT recipient)::int AS count FROM floor.inbox WHERE tenant = $1', tenant);
  }

  emailsSent(tenant: string): Promise<number> {
    return this.count(
      `SELECT count(*)::int AS count FROM floor.deliveries WHERE tenant = $1 AND state = 'sent'`,
      tenant,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
    await removeFromBroker(this.setup.scratch.amqpUrl, floorLeftovers(this.names));
  }

  private async count(sql: string, tenant: string): Promise<number> {
    const { rows } = await this.setup.scratch.db.query<{ count: number }>(sql, [tenant]);
    return rows[0]!.count;
  }
}
