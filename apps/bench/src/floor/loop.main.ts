/**
 * The bare chunked loop: one event to everyone of its tenant, in one process and without a broker. Reads the next recipients
 * after the cursor, renders, stores rows and cursor in one statement; one chunk after the other.
 */
import pg from 'pg';
import { now } from '../clock.ts';
import { eventOf } from '../front-door/event.ts';
import type { PublishOrder, PublisherReport } from '../front-door/orders.ts';
import { chunkSize } from './chunk-size.ts';
import { deterministicId } from './ids.ts';
import type { AudienceRequest } from './messages.ts';

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
    const ids = await next(tenant, cursor);
    cursor = ids.at(-1) ?? cursor;
    finished = ids.length < chunkSize;
    const rows = ids.map((recipient) => ({
      tenant,
      recipient,
      id: deterministicId(at.getTime(), `notification ${event} ${type} ${recipient}`),
      type,
      category: 'system',
      priority: 'normal',
      title: data.title,
      message: data.message,
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

async function next(tenant: string, cursor: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    name: 'next',
    text: 'SELECT id, name, locale, time_zone FROM floor.recipients WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3',
    values: [tenant, cursor, chunkSize],
  });
  return rows.map(({ id }) => id);
}

function report(message: PublisherReport): void {
  process.send?.(message);
}
