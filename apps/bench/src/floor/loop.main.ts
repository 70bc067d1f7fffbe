/**
 * The bare chunked loop: one event to everyone of its tenant, in one process and without a broker. Reads the next recipients
 * after the cursor, renders, stores rows and cursor in one statement; one chunk after the other.
 */
import { Liquid } from 'liquidjs';
import pg from 'pg';
import { now } from '../clock.ts';
import { eventOf } from '../front-door/event.ts';
import type { PublishOrder, PublisherReport } from '../front-door/orders.ts';
import { chunkSize } from './chunk-size.ts';
import { deterministicId } from './ids.ts';
import type { AudienceRequest } from './messages.ts';

/** The words as a template that people can change, filled in for each recipient by the library that Carillon uses too. */
const liquid = new Liquid({ strictVariables: true, ownPropertyOnly: true });
const words = { title: liquid.parse('{{ title }}'), message: liquid.parse('{{ message }}') };

const db = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: 'bench loop' });

process.on('disconnect', () => process.exit());
process.on('message', (order: PublishOrder) => {
  fanOut(order).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
await db.connect();
report('ready');

async function fanOut(order: PublishOrder): Promise<void> {
  const startedAt = now();
  const { tenant } = order;
  const { type, data } = eventOf(order, 0).data as AudienceRequest;
  const at = new Date(startedAt);
  const event = deterministicId(at.getTime(), `event ${tenant}`);
  await db.query('INSERT INTO floor.fan_outs (tenant, event, type, data, recorded_at) VALUES ($1, $2, $3, $4, $5)', [
    tenant,
    event,
    type,
    data,
    at,
  ]);
  for (let cursor = '', finished = false; !finished;) {
    const recipients = await next(tenant, cursor);
    cursor = recipients.at(-1)?.id ?? cursor;
    finished = recipients.length < chunkSize;
    const rows = recipients.map((recipient) => ({
      tenant,
      recipient: recipient.id,
      id: deterministicId(at.getTime(), `notification ${event} ${type} ${recipient.id}`),
      type,
      category: 'system',
      priority: 'normal',
      title: liquid.renderSync(words.title, { ...data, recipient }) as string,
      message: liquid.renderSync(words.message, { ...data, recipient }) as string,
      link: null,
      metadata: {},
      created_at: at,
    }));
    await db.query({
      name: 'store',
      text: `WITH stored AS (
               INSERT INTO floor.inbox (tenant, recipient, id, type, category, priority, title, message, link, metadata, created_at)
               SELECT tenant, recipient, id, type, category, priority, title, message, link, metadata, created_at
                 FROM json_populate_recordset(null::floor.inbox, $1) ON CONFLICT DO NOTHING
             )
             UPDATE floor.fan_outs SET cursor = $4, finished = $5 WHERE tenant = $2 AND event = $3`,
      values: [JSON.stringify(rows), tenant, event, cursor, finished],
    });
  }
  report({ startedAt, endedAt: now(), times: [] });
}

interface Recipient {
  id: string;
  name: string | null;
  locale: string;
  time_zone: string;
}

async function next(tenant: string, cursor: string): Promise<Recipient[]> {
  const { rows } = await db.query<Recipient>({
    name: 'next',
    text: 'SELECT id, name, locale, time_zone FROM floor.recipients WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3',
    values: [tenant, cursor, chunkSize],
  });
  return rows;
}

function report(message: PublisherReport): void {
  process.send?.(message);
}
