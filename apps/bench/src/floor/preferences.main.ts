/** Event → notification: records both once, decides the channels by the recipient's contacts and switches. */
import { deterministicId } from './ids.ts';
import type { DomainData, Routed } from './messages.ts';
import { run, runStage, type Item, type Outgoing } from './stage.ts';

interface Recipient {
  tenant: string;
  id: string;
  name: string | null;
  locale: string;
  time_zone: string;
  muted: string[];
  contacts: { channel: string; address: string }[] | null;
}

interface Recorded {
  event: Item<DomainData>;
  recordedAt: Date;
  recipient: Recipient | undefined;
}

/** What makes an event the same event. */
interface Identity {
  tenant: string;
  source: string;
  event_id: string;
}

/** Type → what the decision needs of it. */
const catalog: Record<string, { category: string; priority: string; channels: string[] }> = {
  'bench.in_app': { category: 'system', priority: 'normal', channels: ['in_app'] },
  'bench.email': { category: 'system', priority: 'normal', channels: ['in_app', 'email'] },
};

await runStage<DomainData>({ queue: 'intake', prefetch: 500, consumers: 2, most: 500, handle });

async function handle(events: Item<DomainData>[]): Promise<Outgoing[]> {
  const now = new Date();
  const recipients = await readRecipients(events);
  const recorded = events.map((event) => ({
    event,
    recordedAt: now,
    recipient: recipients.get(`${event.tenant} ${event.data.recipient_id}`),
  }));
  const decided = recorded.map(decide);
  const known = await record(decided);
  if (known.size === 0) return decided.map(({ routed }) => routed);
  // A resent event keeps the first record's time, and with it the ids of everything that follows from it.
  return recorded.map((one, i) => {
    const first = known.get(identity(decided[i]!.rows));
    return first ? decide({ ...one, recordedAt: first }).routed : decided[i]!.routed;
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

function decide({ event, recordedAt, recipient }: Recorded) {
  const { tenant, source, type, data } = event;
  const { category, priority, channels } = catalog[type]!;
  const time = recordedAt.getTime();
  const at = recordedAt.toISOString();
  const eventId = deterministicId(time, `event ${tenant} ${source} ${event.id}`);
  const notificationId = deterministicId(time, `notification ${eventId} ${type} ${data.recipient_id}`);
  const deliveries: Routed['deliveries'] = [];
  const decision: Record<string, { deliver: boolean; rule: string }> = {};
  for (const channel of channels) {
    const rule = !recipient ? 'unknown recipient' : recipient.muted.includes(channel) ? 'muted' : undefined;
    const address =
      channel === 'in_app'
        ? recipient?.id
        : recipient?.contacts?.find((contact) => contact.channel === channel)?.address;
    decision[channel] = { deliver: !rule && !!address, rule: rule ?? (address ? 'default channel' : 'no contact') };
    if (rule || !address) continue;
    deliveries.push({
      delivery_id: deterministicId(time, `delivery ${notificationId} ${channel} ${address}`),
      channel,
      address,
    });
  }
  const { id, name, locale, time_zone } = recipient ?? {
    id: data.recipient_id,
    name: null,
    locale: 'en',
    time_zone: 'UTC',
  };
  const routed: Routed = {
    notification_id: notificationId,
    type,
    category,
    priority,
    recipient: { id, name, locale, time_zone },
    deliveries,
    data,
    created_at: at,
  };
  return {
    rows: {
      tenant,
      source,
      event_id: event.id,
      id: eventId,
      type,
      data,
      at,
      recipient: id,
      notification: notificationId,
      category,
      priority,
      decision,
    },
    routed: {
      key: 'routed',
      item: {
        specversion: '1.0',
        id: notificationId,
        source: '/floor/preferences',
        type: 'floor.routed',
        time: at,
        tenant,
        data: routed,
      },
    } satisfies Outgoing as Outgoing,
  };
}

/** Writes events and notifications in one statement. Returns the first time of those events that were recorded before. */
async function record(decided: ReturnType<typeof decide>[]): Promise<Map<string, Date>> {
  const rows = JSON.stringify(decided.map(({ rows: row }) => row));
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
