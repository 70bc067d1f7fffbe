import {
  Problem,
  type Attempt,
  type Delivery,
  type DeliveryDetail,
  type DeliveryFilter,
  type DeliveryReceipt,
  type DeliveryStats,
  type SentChannel,
} from '@carillon/contracts';
import type { SqlRunner } from '@carillon/persistence';
import type { Happening } from '../engagement/engagement.ts';
import { changedFrom } from '../state/standing.ts';
import { deliveryStatsOf, type StatsQuestion } from './delivery-stats.ts';
import { filtered } from './filtering.ts';
import { mask } from './mask.ts';

/** Deliveries put back with one statement at most, so that none holds its locks for long. */
const retriedAtOnce = 1_000;

/** A row of the table as read for people. */
interface LogRow {
  id: string;
  notification_id: string;
  recipient: string;
  type: string;
  category: string;
  destination: string;
  content: Record<string, unknown>;
  status: Delivery['status'];
  failure: Delivery['failure'];
  provider: string | null;
  provider_message_id: string | null;
  attempts: number;
  error: string | null;
  error_code: string | null;
  template: Delivery['template'];
  next_attempt_at: Date | null;
  created_at: Date;
  updated_at: Date;
  sent_at: Date | null;
  opened_at: Date | null;
  clicked_at: Date | null;
  engagement: readonly Happening[];
}

interface AttemptRow extends Omit<Attempt, 'started_at' | 'finished_at'> {
  delivery_id: string;
  started_at: Date;
  finished_at: Date | null;
}

interface ReceiptRow extends Omit<DeliveryReceipt, 'at' | 'received_at'> {
  delivery_id: string;
  at: Date;
  received_at: Date;
}

const listed = `id, notification_id, recipient, type, category, destination, status, failure, provider, provider_message_id,
  attempts, error, error_code, template, next_attempt_at, created_at, updated_at, sent_at, opened_at, clicked_at`;

/** Puts a delivery back, to be tried at once with all retries of the policy before it. */
const reopened = `status = 'retrying', failure = NULL, round_start = attempts, next_attempt_at = now(), updated_at = now()`;

/** The deliveries of a channel as people look at them. Every question is asked within one tenant. */
export class DeliveryLog {
  constructor(
    private readonly db: SqlRunner,
    readonly channel: SentChannel,
  ) {}

  /**
   * A page, newest first.
   * @param after go on below this id
   * @param reveal show destinations in full instead of masked
   */
  async list(
    tenant: string,
    filter: DeliveryFilter,
    limit: number,
    after: string | null,
    reveal = false,
  ): Promise<{ data: Delivery[]; next: string | null }> {
    const { where, parameters } = filtered(tenant, filter);
    const count = parameters.length;
    const rows: LogRow[] = await this.db.query(
      `SELECT ${listed} FROM deliveries WHERE ${where} AND ($${count + 1}::uuid IS NULL OR id < $${count + 1})
       ORDER BY id DESC LIMIT $${count + 2}`,
      [...parameters, after, limit + 1],
    );
    const page = rows.slice(0, limit);
    return {
      data: page.map((row) => ({
        ...this.delivery(row),
        destination: reveal ? row.destination : mask(row.destination),
      })),
      next: rows.length > limit ? page.at(-1)!.id : null,
    };
  }

  /** How many deliveries there were, by group and over time. @throws Problem 422 `invalid_period` */
  stats(tenant: string, question: StatsQuestion): Promise<DeliveryStats> {
    return deliveryStatsOf(this.db, tenant, question, Date.now());
  }

  /** One delivery in full. @throws Problem 404 */
  async get(tenant: string, id: string): Promise<DeliveryDetail> {
    const [found] = await this.details('tenant = $1 AND id = $2', [tenant, id]);
    if (!found) throw Problem.notFound('delivery', id);
    return found;
  }

  /** All deliveries of a notification in full, in the order in which they were made. */
  ofNotification(tenant: string, notificationId: string): Promise<DeliveryDetail[]> {
    return this.details('tenant = $1 AND notification_id = $2 ORDER BY id', [tenant, notificationId]);
  }

  /**
   * A page of a person's deliveries in full, newest first.
   * @param after go on below this id
   */
  ofRecipient(tenant: string, recipient: string, limit: number, after: string | null): Promise<DeliveryDetail[]> {
    return this.details('tenant = $1 AND recipient = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4', [
      tenant,
      recipient,
      after,
      limit,
    ]);
  }

  /**
   * Has a failed or uncertain delivery tried again at once, with all retries of the policy before it.
   * @throws Problem 404; 409 `not_retryable` naming its state
   */
  async reopen(tenant: string, id: string): Promise<DeliveryDetail> {
    const retryable = changedFrom({ kind: 'reopened' });
    await this.db.query(
      `UPDATE deliveries
       SET ${reopened}
       WHERE tenant = $1 AND id = $2 AND status = ANY ($3)`,
      [tenant, id, retryable],
    );
    const delivery = await this.get(tenant, id);
    // Whoever lost a race against another click sees the delivery on its way, which is what was asked for.
    if (['retrying', 'sending'].includes(delivery.status)) return delivery;
    throw new Problem({
      status: 409,
      code: 'not_retryable',
      title: 'This delivery cannot be tried again',
      detail: `It is ${delivery.status}; only ${retryable.join(' and ')} deliveries can be tried again.`,
    });
  }

  /**
   * The same as {@link reopen} for those that match a filter, the newest first, at most `limit`. What is on its way again no
   * longer matches, so repeating it does no harm.
   * @throws Problem 422 `invalid_filter` for a status from which nothing can be tried again
   */
  async reopenMany(tenant: string, filter: DeliveryFilter, limit: number): Promise<{ retried: number; more: boolean }> {
    const retryable = changedFrom({ kind: 'reopened' });
    if (filter.status !== undefined && !retryable.includes(filter.status)) {
      throw Problem.unprocessable('invalid_filter', 'These deliveries cannot be tried again', [
        { path: 'status', message: `must be ${retryable.join(' or ')}; leave it out for both` },
      ]);
    }
    const { where, parameters } = filtered(tenant, filter);
    const count = parameters.length;
    let retried = 0;
    for (;;) {
      // One more than asked for tells whether there are more.
      const most = Math.min(retriedAtOnce, limit - retried);
      const [{ found, changed }]: [{ found: number; changed: number }] = await this.db.query(
        `WITH found AS (
           SELECT id, row_number() OVER (ORDER BY id DESC) <= $${count + 2} AS taken FROM (
             SELECT id FROM deliveries WHERE ${where} AND status = ANY ($${count + 1})
             ORDER BY id DESC LIMIT $${count + 2} + 1) newest
         ), changed AS (
           UPDATE deliveries d SET ${reopened}
           FROM found WHERE d.tenant = $1 AND d.id = found.id AND taken AND d.status = ANY ($${count + 1})
           RETURNING 1
         )
         SELECT (SELECT count(*) FROM found)::int AS found, (SELECT count(*) FROM changed)::int AS changed`,
        [...parameters, retryable, most],
      );
      retried += changed;
      if (found <= most) return { retried, more: false };
      if (retried >= limit) return { retried, more: true };
    }
  }

  /**
   * Takes back a delivery that waits for another attempt. Its lease is over at once, by which the retry loop finds it and tells of it.
   * @throws Problem 404; 409 `not_cancellable` naming its state
   */
  async cancel(tenant: string, id: string): Promise<DeliveryDetail> {
    const cancellable = changedFrom({ kind: 'cancelled' });
    await this.db.query(
      `UPDATE deliveries SET status = 'cancelled', next_attempt_at = NULL, lease_until = now(), updated_at = now()
       WHERE tenant = $1 AND id = $2 AND status = ANY ($3)`,
      [tenant, id, cancellable],
    );
    const delivery = await this.get(tenant, id);
    if (delivery.status === 'cancelled') return delivery;
    throw new Problem({
      status: 409,
      code: 'not_cancellable',
      title: 'This delivery cannot be cancelled',
      detail: `It is ${delivery.status}; only ${cancellable.join(' and ')} deliveries can be cancelled.`,
    });
  }

  /** @param parameters the tenant first */
  private async details(where: string, parameters: [tenant: string, ...unknown[]]): Promise<DeliveryDetail[]> {
    const rows: LogRow[] = await this.db.query(
      `SELECT ${listed}, content, engagement FROM deliveries WHERE ${where}`,
      parameters,
    );
    const ids = rows.map(({ id }) => id);
    const attempts: AttemptRow[] = await this.db.query(
      `SELECT delivery_id, number, provider, outcome, error, error_code, provider_message_id, started_at, finished_at
       FROM attempts WHERE tenant = $1 AND delivery_id = ANY ($2) ORDER BY number`,
      [parameters[0], ids],
    );
    const receipts: ReceiptRow[] = await this.db.query(
      `SELECT delivery_id, attempt, provider, provider_message_id, says, error, error_code, at, received_at
       FROM receipts WHERE tenant = $1 AND delivery_id = ANY ($2) ORDER BY at, received_at, id`,
      [parameters[0], ids],
    );
    const of = <Row extends { delivery_id: string }>(all: Row[], { id }: LogRow): Row[] =>
      all.filter(({ delivery_id }) => delivery_id === id);
    return rows.map((row) => ({
      ...this.delivery(row),
      content: row.content,
      engagement: row.engagement.map(({ id: _, ...happening }) => happening),
      attempts: of(attempts, row).map(({ delivery_id: _, started_at, finished_at, ...attempt }) => ({
        ...attempt,
        started_at: started_at.toISOString(),
        finished_at: finished_at?.toISOString() ?? null,
      })),
      receipts: of(receipts, row).map(({ delivery_id: _, at, received_at, ...receipt }) => ({
        ...receipt,
        at: at.toISOString(),
        received_at: received_at.toISOString(),
      })),
    }));
  }

  private delivery(row: LogRow): Delivery {
    return {
      id: row.id,
      notification_id: row.notification_id,
      channel: this.channel,
      recipient: row.recipient,
      type: row.type,
      category: row.category,
      destination: row.destination,
      status: row.status,
      failure: row.failure,
      provider: row.provider,
      provider_message_id: row.provider_message_id,
      retries: Math.max(row.attempts - 1, 0),
      error: row.error,
      error_code: row.error_code,
      template: row.template,
      next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
      sent_at: row.sent_at?.toISOString() ?? null,
      opened_at: row.opened_at?.toISOString() ?? null,
      clicked_at: row.clicked_at?.toISOString() ?? null,
    };
  }
}
