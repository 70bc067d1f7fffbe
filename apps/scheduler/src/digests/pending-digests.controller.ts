import {
  cancelDigest,
  digestFilterSchema,
  getDigest,
  listDigests,
  Problem,
  runDigest,
  traceDigests,
  type DigestDetail,
  type DigestFilter,
  type DigestItem,
  type PendingDigest,
  type TracedDigest,
  type Window,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { Closing } from './closing.ts';

interface WindowRow {
  tenant: string;
  window_id: string;
  kind: PendingDigest['kind'];
  recipient: string;
  channel: PendingDigest['channel'];
  rule: Window;
  state: PendingDigest['status'];
  opened_at: Date;
  due_at: Date;
  closed_at: Date | null;
  items: number;
  notification_id: string | null;
}

const contentsShown = 100;

/** With how many wait in it now, or were taken. */
const shown = `w.tenant, window_id, kind, recipient, channel, rule, state, opened_at, due_at, closed_at, notification_id,
  CASE WHEN state = 'pending' THEN (
    SELECT count(*)::int FROM digest_items i WHERE i.tenant = w.tenant AND i.window_id = w.window_id AND i.state = 'waiting'
  ) ELSE items END AS items`;

/** The digests and batches of a tenant, for whoever wants to see them, cancel them or have them sooner. */
@Controller()
export class PendingDigestsController {
  constructor(
    private readonly database: DataSource,
    private readonly closing: Closing,
  ) {}

  @MessagePattern<string>(listDigests.name)
  async list(@Payload() request: RequestOf<typeof listDigests>): Promise<ResponseOf<typeof listDigests>> {
    const { tenant, limit, after } = request;
    const { sql, parameters } = listing(tenant, digestFilterSchema.parse(request.filter), after, limit + 1);
    const rows: WindowRow[] = await this.database.query(sql, parameters);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(digestOf),
      next: rows.length > limit && last ? `${last.due_at.toISOString()} ${last.window_id}` : null,
    };
  }

  @MessagePattern<string>(getDigest.name)
  async get(@Payload() { tenant, id }: RequestOf<typeof getDigest>): Promise<ResponseOf<typeof getDigest>> {
    const digest = await this.one(tenant, id);
    const rows: {
      notification_id: string;
      event_id: string;
      state: DigestDetail['contents'][number]['status'];
      item: DigestItem | null;
    }[] = await this.database.query(
      `SELECT notification_id, event_id, state, item FROM digest_items WHERE tenant = $1 AND window_id = $2
        ORDER BY created_at, arrival LIMIT ${contentsShown}`,
      [tenant, id],
    );
    const contents = rows.map(({ notification_id, event_id, state: status, item }) => {
      return { notification_id, event_id, status, type: item?.type ?? null, title: item?.words?.title ?? null };
    });
    return { ...digest, contents };
  }

  @MessagePattern<string>(cancelDigest.name)
  async cancel(@Payload() { tenant, id }: RequestOf<typeof cancelDigest>): Promise<ResponseOf<typeof cancelDigest>> {
    const cancelled = await this.database.transaction(async (transaction) => {
      const [rows]: [object[]] = await transaction.query(
        `UPDATE digest_windows w SET state = 'cancelled', closed_at = now(), items = 0
          WHERE tenant = $1 AND window_id = $2 AND state = 'pending' RETURNING window_id`,
        [tenant, id],
      );
      await transaction.query(
        `UPDATE digest_items SET state = 'cancelled', item = NULL WHERE tenant = $1 AND window_id = $2 AND state = 'waiting'`,
        [tenant, rows.length > 0 ? id : null],
      );
      return rows.length > 0;
    });
    const digest = await this.one(tenant, id);
    if (!cancelled && digest.status !== 'cancelled') throw ended(digest);
    return digest;
  }

  @MessagePattern<string>(runDigest.name)
  async run(@Payload() { tenant, id }: RequestOf<typeof runDigest>): Promise<ResponseOf<typeof runDigest>> {
    const [rows]: [object[]] = await this.database.query(
      `UPDATE digest_windows w SET due_at = least(due_at, now())
        WHERE tenant = $1 AND window_id = $2 AND state = 'pending' RETURNING window_id`,
      [tenant, id],
    );
    const digest = await this.one(tenant, id);
    if (rows.length === 0) throw ended(digest);
    this.closing.wakeIn(0);
    return digest;
  }

  @MessagePattern<string>(traceDigests.name)
  async trace(@Payload() request: RequestOf<typeof traceDigests>): Promise<ResponseOf<typeof traceDigests>> {
    const rows: (WindowRow & { item: TracedDigest['item'] })[] = await this.database.query(
      `SELECT w.window_id, w.kind, w.channel, w.state, w.due_at, w.closed_at, w.notification_id, i.state AS item
         FROM digest_items i JOIN digest_windows w USING (tenant, window_id)
        WHERE i.tenant = $1 AND i.notification_id = $2 ORDER BY w.channel`,
      [request.tenant, request.notification_id],
    );
    return {
      data: rows.map(({ window_id, kind, channel, state, item, due_at, closed_at, notification_id }) => ({
        id: window_id,
        kind,
        channel,
        status: state,
        item,
        due_at: due_at.toISOString(),
        closed_at: closed_at?.toISOString() ?? null,
        notification_id: item === 'taken' ? notification_id : null,
      })),
    };
  }

  private async one(tenant: string, id: string): Promise<PendingDigest> {
    const [row]: WindowRow[] = await this.database.query(
      `SELECT ${shown} FROM digest_windows w WHERE tenant = $1 AND window_id = $2`,
      [tenant, id],
    );
    if (!row) throw Problem.notFound('digest', id);
    return digestOf(row);
  }
}

/** Pending ones by the time to come, ended ones from the newest back: both by the same index. */
function listing(tenant: string, filter: DigestFilter, after: string | null, limit: number) {
  const parameters: unknown[] = [tenant, filter.status];
  const parameter = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = ['w.tenant = $1', 'state = $2'];
  if (filter.kind) conditions.push(`kind = ${parameter(filter.kind)}`);
  if (filter.recipient !== undefined) conditions.push(`recipient = ${parameter(filter.recipient)}`);
  if (filter.channel) conditions.push(`channel = ${parameter(filter.channel)}`);
  if (filter.due_from) conditions.push(`due_at >= ${parameter(filter.due_from)}`);
  if (filter.due_to) conditions.push(`due_at < ${parameter(filter.due_to)}`);
  const pending = filter.status === 'pending';
  // By the millisecond that a cursor holds; the column has three more digits.
  const due = `date_trunc('milliseconds', due_at)`;
  if (after) {
    const [time, id] = after.split(' ');
    conditions.push(
      `(${due}, window_id) ${pending ? '>' : '<'} (${parameter(time)}::timestamptz, ${parameter(id)}::uuid)`,
    );
    // The index is by the column itself.
    conditions.push(
      pending
        ? `due_at >= $${parameters.length - 1}`
        : `due_at < $${parameters.length - 1}::timestamptz + interval '1 ms'`,
    );
  }
  const direction = pending ? 'ASC' : 'DESC';
  const sql = `SELECT ${shown} FROM digest_windows w WHERE ${conditions.join(' AND ')}
    ORDER BY ${due} ${direction}, window_id ${direction} LIMIT ${limit}`;
  return { sql, parameters };
}

function digestOf(row: WindowRow): PendingDigest {
  const { rule } = row;
  return {
    id: row.window_id,
    kind: row.kind,
    status: row.state,
    recipient: row.recipient,
    channel: row.channel,
    frequency: rule.kind === 'digest' ? rule.frequency : null,
    category: rule.kind === 'digest' ? (rule.category ?? null) : null,
    type: rule.type ?? null,
    due_at: row.due_at.toISOString(),
    opened_at: row.opened_at.toISOString(),
    closed_at: row.closed_at?.toISOString() ?? null,
    items: row.items,
    notification_id: row.notification_id,
  };
}

function ended({ id, status, closed_at }: PendingDigest): Problem {
  const how = {
    pending: 'is being closed at this moment',
    closed: `was sent at ${closed_at}`,
    empty: `had nothing to send at ${closed_at}`,
    replanned: `was planned anew at ${closed_at}, as its recipient chose otherwise`,
    cancelled: 'has been cancelled',
  };
  return new Problem({
    status: 409,
    code: 'digest_ended',
    title: 'The digest waits no more',
    detail: `Digest ${id} ${how[status]}.`,
  });
}
