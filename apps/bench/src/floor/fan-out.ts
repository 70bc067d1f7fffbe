/**
 * One event to everyone of its tenant, in chunks: read the next recipients after the cursor, decide, record, publish, move the
 * cursor. What is still to be done is in the table alone, so that a process that starts goes on where another died.
 */
import { chunkSize } from './chunk-size.ts';
import { decide, eventRecordId, type Recipient } from './decide.ts';
import type { AudienceRequest, DomainData } from './messages.ts';
import { fail, publish, run, type Item } from './stage.ts';

interface FanOut {
  tenant: string;
  event: string;
  type: string;
  data: DomainData;
  recorded_at: Date;
  cursor: string;
}

export function isForAudience({ data }: Item<object>): boolean {
  return 'audience' in data;
}

/** Resolves when the fan-outs are recorded and so cannot be lost; those of repeated events change nothing. */
export async function beginFanOuts(events: Item<AudienceRequest>[]): Promise<void> {
  const at = new Date();
  await run(
    'begin-fan-outs',
    `WITH given AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1) AS x (tenant text, source text, event_id text, id uuid, type text, data jsonb)
     ), recorded AS (
       INSERT INTO floor.events (tenant, source, event_id, id, type, data, recorded_at)
       SELECT tenant, source, event_id, id, type, data, $2 FROM given ON CONFLICT DO NOTHING RETURNING id
     )
     INSERT INTO floor.fan_outs (tenant, event, type, data, recorded_at)
     SELECT tenant, id, type, data, $2 FROM given JOIN recorded USING (id)`,
    JSON.stringify(
      events.map((event) => ({
        tenant: event.tenant,
        source: event.source,
        event_id: event.id,
        id: eventRecordId(at, event),
        type: event.data.type,
        data: event.data.data,
      })),
    ),
    at,
  );
  continueFanOuts();
}

let working = false;

/** Works in the background until nothing is left. */
export function continueFanOuts(): void {
  if (working) return;
  working = true;
  work().catch(fail);
}

async function work(): Promise<void> {
  for (let next = await oldest(); next; next = await oldest()) await chunk(next);
  working = false;
}

async function oldest(): Promise<FanOut | undefined> {
  const { rows } = await run<FanOut>(
    'oldest-fan-out',
    'SELECT * FROM floor.fan_outs WHERE NOT finished ORDER BY tenant, event LIMIT 1',
  );
  return rows[0];
}

async function chunk({ tenant, event, type, data, recorded_at: recordedAt, cursor }: FanOut): Promise<void> {
  const { rows: recipients } = await run<Recipient>(
    'next-recipients',
    `SELECT r.tenant, r.id, r.name, r.locale, r.time_zone, r.muted,
            (SELECT json_agg(json_build_object('channel', c.channel, 'address', c.address))
               FROM floor.contacts c WHERE c.tenant = r.tenant AND c.recipient = r.id) AS contacts
       FROM floor.recipients r WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`,
    tenant,
    cursor,
    chunkSize,
  );
  const recorded = { tenant, id: event, type, data, recordedAt };
  const decided = recipients.map((recipient) => decide(recorded, recipient.id, recipient));
  await run(
    'record-chunk',
    `INSERT INTO floor.notifications (tenant, recipient, id, event, type, category, priority, decision, created_at)
     SELECT tenant, recipient, notification, event, type, category, priority, decision, at
       FROM json_to_recordset($1) AS x (tenant text, recipient text, notification uuid, event uuid, type text,
                                        category text, priority text, decision jsonb, at timestamptz)
     ON CONFLICT DO NOTHING`,
    JSON.stringify(decided.map(({ row }) => row)),
  );
  await publish(decided.map(({ routed }) => routed));
  await run(
    'move-cursor',
    'UPDATE floor.fan_outs SET cursor = coalesce($3, cursor), finished = $4 WHERE tenant = $1 AND event = $2',
    tenant,
    event,
    recipients.at(-1)?.id ?? null,
    recipients.length < chunkSize,
  );
}
