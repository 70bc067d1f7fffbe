import {
  defaultTenant,
  digestItem,
  digestItemSchema,
  freshId,
  scopeOfWindow,
  type CloudEvent,
  type DigestItem,
} from '@carillon/contracts';
import { Poison } from '@carillon/messaging';
import { batched, erasuresAmong, insertRows, type SqlRunner } from '@carillon/persistence';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { cancelAmong } from './cancelling.ts';
import { Closing } from './closing.ts';
import { fullWith, most, opening } from './due.ts';
import { namedItems } from './named.ts';

type Arrived = DigestItem & { tenant: string };

/** A row of `digest_windows` that is to be opened or joined. */
interface Wanted {
  tenant: string;
  window_id: string;
  kind: string;
  recipient: string;
  channel: string;
  scope: string;
  rule: DigestItem['window'];
  due_at: string;
  latest_at: string;
  items: number;
  full_with: number;
}

interface Joined {
  tenant: string;
  recipient: string;
  channel: string;
  scope: string;
  window_id: string;
  due_at: Date;
  opened: boolean;
  now: Date;
}

/**
 * Puts what arrives into windows. Whoever adds to a window holds its row until the item is committed, and whoever closes it does
 * too: an item is in a window before it closes, or it opens the next one. The same item again is known and changes nothing.
 */
@Injectable()
export class Arriving {
  readonly add: (item: Arrived) => Promise<void>;

  constructor(database: DataSource, closing: Closing) {
    this.add = batched(async (items) => {
      const due = await database.transaction((transaction) => this.addAll(transaction, items));
      await cancelAmong(database, items);
      if (due !== undefined) closing.wakeIn(due);
      return items.map(() => undefined);
    });
  }

  /** @returns in how many milliseconds the first of their windows is due */
  private async addAll(db: SqlRunner, items: readonly Arrived[]): Promise<number | undefined> {
    const fresh = await unknown(db, await notErased(db, items));
    if (fresh.length === 0) return undefined;
    const [{ now }]: [{ now: Date }] = await db.query('SELECT clock_timestamp() AS now');
    const windows = await this.join(db, fresh, now.getTime());
    const idOf = new Map(windows.map((window) => [keyOf(window, window.scope), window.window_id]));
    await insertRows(
      db,
      'digest_items',
      fresh.map((item) => ({
        tenant: item.tenant,
        notification_id: item.notification_id,
        channel: item.channel,
        window_id: idOf.get(keyOf(item, scopeOfWindow(item.window)))!,
        recipient: item.recipient,
        event_id: item.event.id,
        state: 'waiting',
        unless_read: item.unless_read ?? false,
        expires_at: item.expires_at,
        created_at: item.created_at,
        item: itself(item),
      })),
      {
        onConflict: `(tenant, notification_id, channel) DO UPDATE SET window_id = excluded.window_id, state = 'waiting',
          unless_read = excluded.unless_read, item = excluded.item
          WHERE digest_items.window_id = (excluded.item->>'from')::uuid AND digest_items.state = 'taken'`,
      },
    );
    const first = Math.min(...windows.map(({ due_at }) => due_at.getTime()));
    return Math.max(0, first - windows[0]!.now.getTime());
  }

  /** Opens the windows of these items, or joins those that are open. */
  private async join(db: SqlRunner, items: readonly Arrived[], now: number): Promise<Joined[]> {
    const groups = Map.groupBy(items, (item) => keyOf(item, scopeOfWindow(item.window)));
    const wanted = [...groups.values()].map((group): Wanted => {
      const [{ tenant, recipient, channel, window: rule }] = group as [Arrived];
      const { dueAt, latestAt } = opening(rule, now);
      return {
        tenant,
        window_id: freshId(now),
        kind: rule.kind,
        recipient,
        channel,
        scope: scopeOfWindow(rule),
        rule,
        due_at: new Date(dueAt).toISOString(),
        latest_at: new Date(latestAt).toISOString(),
        items: group.length,
        full_with: fullWith(rule),
      };
    });
    const joined: Joined[] = await db.query(joinWindows, [JSON.stringify(wanted)]);
    // Whoever had to wait until a window was closed comes after its time: theirs is the next one.
    const missed = joined.filter(({ opened, due_at, now: after }) => opened && due_at <= after);
    if (missed.length > 0) await this.postpone(db, missed, wanted);
    return joined;
  }

  private async postpone(db: SqlRunner, missed: readonly Joined[], wanted: readonly Wanted[]): Promise<void> {
    const byId = new Map(wanted.map((window) => [window.window_id, window]));
    const later = missed.flatMap((window) => {
      const { rule, items, full_with } = byId.get(window.window_id)!;
      if (rule.kind === 'batch' || items >= full_with) return [];
      window.due_at = new Date(opening(rule, window.now.getTime()).dueAt);
      return [{ tenant: window.tenant, window_id: window.window_id, due_at: window.due_at.toISOString() }];
    });
    await db.query(
      `UPDATE digest_windows SET due_at = later.due_at, latest_at = later.due_at
         FROM json_to_recordset($1) AS later(tenant text, window_id uuid, due_at timestamptz)
        WHERE digest_windows.tenant = later.tenant AND digest_windows.window_id = later.window_id`,
      [JSON.stringify(later)],
    );
  }
}

/**
 * What `joined` of due.ts says, in one statement. In one order for all replicas, so that no two wait for each other in a circle. A
 * window that somebody is closing makes this wait, and then open another one.
 */
const joinWindows = `
  INSERT INTO digest_windows AS known (tenant, window_id, kind, recipient, channel, scope, rule, due_at, latest_at, items)
  SELECT tenant, window_id, kind, recipient, channel, scope, rule,
         CASE WHEN items >= full_with THEN now() ELSE due_at END, latest_at, items
    FROM json_to_recordset($1) AS wanted(tenant text, window_id uuid, kind text, recipient text, channel text, scope text,
           rule json, due_at timestamptz, latest_at timestamptz, items int, full_with int)
   ORDER BY tenant, recipient, channel, scope
  ON CONFLICT (tenant, recipient, channel, scope) WHERE state = 'pending' DO UPDATE SET
    items = known.items + excluded.items,
    due_at = CASE
      WHEN known.items + excluded.items >= least(${most}, coalesce((excluded.rule->>'max_count')::int, ${most}))
        THEN least(known.due_at, clock_timestamp())
      WHEN excluded.rule->>'mode' = 'sliding' AND known.due_at > clock_timestamp()
        THEN least(greatest(known.due_at, excluded.due_at), known.latest_at)
      ELSE known.due_at END
  RETURNING tenant, recipient, channel, scope, window_id, due_at, xmax = 0 AS opened, clock_timestamp() AS now`;

/** Without those about people who were erased since; whoever is erased later is looked for here by the erasure. */
async function notErased(db: SqlRunner, items: readonly Arrived[]): Promise<Arrived[]> {
  const erasures = await erasuresAmong(db, items);
  if (erasures.length === 0) return [...items];
  const erasedAt = new Map(erasures.map(({ tenant, recipient, erased_at }) => [`${tenant}\n${recipient}`, erased_at]));
  return items.filter(({ tenant, recipient, created_at }) => {
    const erased = erasedAt.get(`${tenant}\n${recipient}`);
    return erased === undefined || Date.parse(created_at) > Date.parse(erased);
  });
}

/** Without those that are known, each once. One that comes from a window that was closed for it is not known yet in another. */
async function unknown(db: SqlRunner, items: readonly Arrived[]): Promise<Arrived[]> {
  const distinct = new Map(items.map((item) => [itemKey(item), item]));
  const known: { tenant: string; notification_id: string; channel: string; window_id: string; state: string }[] =
    await db.query(
      `WITH named AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[]) AS named(tenant, notification_id, channel))
       SELECT i.tenant, i.notification_id, i.channel, i.window_id, i.state FROM digest_items i, named
        WHERE ${namedItems('notification_id')} AND i.channel = named.channel`,
      [
        [...distinct.values()].map(({ tenant }) => tenant),
        [...distinct.values()].map(({ notification_id }) => notification_id),
        [...distinct.values()].map(({ channel }) => channel),
      ],
    );
  for (const row of known) {
    const { from } = distinct.get(itemKey(row))!;
    if (from !== row.window_id || row.state !== 'taken') distinct.delete(itemKey(row));
  }
  return [...distinct.values()];
}

function itemKey(item: { tenant: string; notification_id: string; channel: string }): string {
  return `${item.tenant}\n${item.notification_id}\n${item.channel}`;
}

function keyOf({ tenant, recipient, channel }: Pick<Wanted, 'tenant' | 'recipient' | 'channel'>, scope: string) {
  return `${tenant}\n${recipient}\n${channel}\n${scope}`;
}

function itself({ tenant: _, ...item }: Arrived): DigestItem {
  return item;
}

/** @throws Poison naming what is wrong with it */
export function readItem({ tenant = defaultTenant, data }: CloudEvent): Arrived {
  const { success, data: item, error } = digestItemSchema.safeParse(data);
  if (!success) throw new Poison(`not a valid ${digestItem.type}: ${error.message}`);
  return { ...item, tenant };
}
