import {
  Problem,
  type Attempt,
  type Delivery,
  type DeliveryDetail,
  type DeliveryFilter,
  type SentChannel,
} from '@carillon/contracts';
import type { SqlRunner } from '@carillon/persistence';
import { changedFrom } from '../state/standing.ts';
import { mask } from './mask.ts';

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
  provider: string | null;
  provider_message_id: string | null;
  attempts: number;
  error: string | null;
  template: Delivery['template'];
  next_attempt_at: Date | null;
  created_at: Date;
  updated_at: Date;
  sent_at: Date | null;
}

interface AttemptRow extends Omit<Attempt, 'started_at' | 'finished_at'> {
  delivery_id: string;
  started_at: Date;
  finished_at: Date | null;
}

const listed = `id, notification_id, recipient, type, category, destination, status, provider, provider_message_id, attempts,
  error, template, next_attempt_at, created_at, updated_at, sent_at`;

/** The deliveries of a channel as people look at them. Every question is asked within one tenant. */
export class DeliveryLog {
  constructor(
    private readonly db: SqlRunner,
    readonly channel: SentChannel,
  ) {}

  /**
   * A page, newest first, destinations masked.
   * @param after go on below this id
   */
  async list(
    tenant: string,
    filter: DeliveryFilter,
    limit: number,
    after: string | null,
  ): Promise<{ data: Delivery[]; next: string | null }> {
    const parameters: unknown[] = [tenant];
    const where = ['tenant = $1'];
    const and = (condition: string, value: unknown): void => {
      if (value === undefined || value === null) return;
      parameters.push(value);
      where.push(`${condition} $${parameters.length}`);
    };
    and('status =', filter.status);
    and('recipient =', filter.recipient);
    and('notification_id =', filter.notification_id);
    and('type =', filter.type);
    and('created_at >=', filter.since);
    and('id <', after);
    parameters.push(limit + 1);
    const rows: LogRow[] = await this.db.query(
      `SELECT ${listed} FROM deliveries WHERE ${where.join(' AND ')} ORDER BY id DESC LIMIT $${parameters.length}`,
      parameters,
    );
    const page = rows.slice(0, limit);
    return {
      data: page.map((row) => ({ ...this.delivery(row), destination: mask(row.destination) })),
      next: rows.length > limit ? page.at(-1)!.id : null,
    };
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
       SET status = 'retrying', failure = NULL, round_start = attempts, next_attempt_at = now(), updated_at = now()
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

  /** @param parameters the tenant first */
  private async details(where: string, parameters: [tenant: string, ...unknown[]]): Promise<DeliveryDetail[]> {
    const rows: LogRow[] = await this.db.query(`SELECT ${listed}, content FROM deliveries WHERE ${where}`, parameters);
    const attempts: AttemptRow[] = await this.db.query(
      `SELECT delivery_id, number, provider, outcome, error, provider_message_id, started_at, finished_at
       FROM attempts WHERE tenant = $1 AND delivery_id = ANY ($2) ORDER BY number`,
      [parameters[0], rows.map(({ id }) => id)],
    );
    return rows.map((row) => ({
      ...this.delivery(row),
      content: row.content,
      attempts: attempts
        .filter(({ delivery_id }) => delivery_id === row.id)
        .map(({ delivery_id: _, started_at, finished_at, ...attempt }) => ({
          ...attempt,
          started_at: started_at.toISOString(),
          finished_at: finished_at?.toISOString() ?? null,
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
      provider: row.provider,
      provider_message_id: row.provider_message_id,
      retries: Math.max(row.attempts - 1, 0),
      error: row.error,
      template: row.template,
      next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
      sent_at: row.sent_at?.toISOString() ?? null,
    };
  }
}
