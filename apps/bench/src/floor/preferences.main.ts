/** Event → notification: records both once, decides the channels by the recipient's contacts and switches. */
import { decide, eventRecordId, type Recipient, type RecordedEvent } from './decide.ts';
import { beginFanOuts, continueFanOuts, isForAudience } from './fan-out.ts';
import type { AudienceRequest, DomainData } from './messages.ts';
import { run, runStage, type Item, type Outgoing } from './stage.ts';

/** What makes an event the same event. */
interface Identity {
  tenant: string;
  source: string;
  event_id: string;
}

/** An event with its notification. */
interface Decided extends Identity, ReturnType<typeof decide> {
  event: RecordedEvent;
}

await runStage<DomainData | AudienceRequest>({ queue: 'intake', prefetch: 500, consumers: 2, most: 500, handle });
continueFanOuts();

async function handle(items: Item<DomainData | AudienceRequest>[]): Promise<Outgoing[]> {
  const toAudiences = items.filter(isForAudience) as Item<AudienceRequest>[];
  if (toAudiences.length > 0) await beginFanOuts(toAudiences);
  const events = items.filter((item) => !isForAudience(item)) as Item<DomainData>[];
  return events.length > 0 ? notify(events) : [];
}

async function notify(events: Item<DomainData>[]): Promise<Outgoing[]> {
  const now = new Date();
  const recipients = await readRecipients(events);
  const decideAt = (event: Item<DomainData>, recordedAt: Date): Decided => {
    const { tenant, source, id: event_id, type, data } = event;
    const recorded = { tenant, id: eventRecordId(recordedAt, event), type, data, recordedAt };
    const recipient = recipients.get(`${tenant} ${data.recipient_id}`);
    return { tenant, source, event_id, event: recorded, ...decide(recorded, data.recipient_id, recipient) };
  };
  const decided = events.map((event) => decideAt(event, now));
  const known = await record(decided);
  // A resent event keeps the first record's time, and with it the ids of everything that follows from it.
  return events.map((event, i) => {
    const first = known.get(identity(decided[i]!));
    return first ? decideAt(event, first).routed : decided[i]!.routed;
  });
}

async function readRecipients(events: Item<DomainData>[]): Promise<Map<string, Recipient>> {
  const { rows } = await run<Recipient>(
    'recipients',
    `SELECT r.tenant, r.id, r.name, r.locale, r.time_zone, r.muted,
            (SELECT json_agg(json_build_object('channel', c.channel, 'address', c.address))
               FROM floor.contacts c WHERE c.tenant = r.tenant AND c.recipient = r.id) AS contacts
       FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (tenant, id)) wanted
       JOIN floor.recipients r USING (tenant, id)`,
    events.map(({ tenant }) => tenant),
    events.map(({ data }) => data.recipient_id),
  );
  return new Map(rows.map((row) => [`${row.tenant} ${row.id}`, row]));
}

/** Writes events and notifications in one statement. Returns the first time of those events that were recorded before. */
async function record(decided: Decided[]): Promise<Map<string, Date>> {
  const rows = JSON.stringify(
    decided.map(({ source, event_id, event, row }) => ({ ...row, source, event_id, id: event.id, data: event.data })),
  );
  const { rows: written } = await run<{ event_id: string }>(
    'record',
    `WITH given AS MATERIALIZED (
       SELECT * FROM json_to_recordset($1) AS x (
         tenant text, source text, event_id text, id uuid, type text, data jsonb, at timestamptz,
         recipient text, notification uuid, category text, priority text, decision jsonb)
     ), recorded AS (
       INSERT INTO floor.events (tenant, source, event_id, id, type, data, recorded_at)
       SELECT tenant, source, event_id, id, type, data, at FROM given ON CONFLICT DO NOTHING RETURNING id, event_id
     ), notified AS (
       INSERT INTO floor.notifications (tenant, recipient, id, event, type, category, priority, decision, created_at)
       SELECT tenant, recipient, notification, given.id, type, category, priority, decision, at
         FROM given JOIN recorded USING (id) ON CONFLICT DO NOTHING
     )
     SELECT event_id FROM recorded`,
    rows,
  );
  if (written.length === decided.length) return new Map();
  const { rows: first } = await run<Identity & { recorded_at: Date }>(
    'first',
    `SELECT tenant, source, event_id, e.recorded_at
       FROM json_to_recordset($1) AS x (tenant text, source text, event_id text)
       JOIN floor.events e USING (tenant, source, event_id)`,
    rows,
  );
  return new Map(first.map((event) => [identity(event), event.recorded_at]));
}

function identity({ tenant, source, event_id }: Identity): string {
  return JSON.stringify([tenant, source, event_id]);
}
