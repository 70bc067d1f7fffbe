import {
  cancelTimer,
  eventRequested,
  getTimer,
  listTimers,
  moveTimer,
  notificationDeferred,
  reminderDue,
  Problem,
  timerFilterSchema,
  type CloudEvent,
  type EventRequest,
  type NotificationDeferred,
  type ReminderDue,
  type Timer,
  type TimerFilter,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import { Firing } from '../firing/firing.ts';
import { cancelled, stillWaits, untilDue } from '../firing/timers.ts';

interface TimerRow {
  timer_id: string;
  kind: Timer['kind'];
  state: Timer['status'];
  due_at: Date;
  expires_at: Date | null;
  fired_at: Date | null;
  created_at: Date;
  event_id: string | null;
  schedule_id: string | null;
  recipients: string[] | null;
  message: CloudEvent | null;
  error: string | null;
}

const recipientsShown = 20;

/** What waits for its time, for whoever wants to see it, cancel it or have it sooner. */
@Controller()
export class TimersController {
  constructor(
    private readonly database: DataSource,
    private readonly firing: Firing,
  ) {}

  @MessagePattern<string>(listTimers.name)
  async list(@Payload() request: RequestOf<typeof listTimers>): Promise<ResponseOf<typeof listTimers>> {
    const { tenant, limit, after } = request;
    const { sql, parameters } = listing(tenant, timerFilterSchema.parse(request.filter), after, limit + 1);
    const rows: TimerRow[] = await this.database.query(sql, parameters);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(timerOf),
      next: rows.length > limit && last ? `${last.due_at.toISOString()} ${last.timer_id}` : null,
    };
  }

  @MessagePattern<string>(getTimer.name)
  async get(@Payload() { tenant, id }: RequestOf<typeof getTimer>): Promise<ResponseOf<typeof getTimer>> {
    const [row]: TimerRow[] = await this.database.query('SELECT * FROM timers WHERE tenant = $1 AND timer_id = $2', [
      tenant,
      id,
    ]);
    if (!row) throw Problem.notFound('timer', id);
    return timerOf(row);
  }

  @MessagePattern<string>(cancelTimer.name)
  async cancel(@Payload() { tenant, id }: RequestOf<typeof cancelTimer>): Promise<ResponseOf<typeof cancelTimer>> {
    const [rows]: [TimerRow[]] = await this.database.query(
      `UPDATE timers SET ${cancelled} WHERE tenant = $1 AND timer_id = $2 AND ${stillWaits} RETURNING *`,
      [tenant, id],
    );
    if (rows[0]) return timerOf(rows[0]);
    const timer = await this.get({ tenant, id });
    if (timer.status === 'cancelled') return timer;
    throw ended(timer);
  }

  @MessagePattern<string>(moveTimer.name)
  async move(@Payload() { tenant, id, due_at }: RequestOf<typeof moveTimer>): Promise<ResponseOf<typeof moveTimer>> {
    const before = await this.get({ tenant, id });
    const due = Date.parse(due_at);
    if (due <= Date.now()) throw refusedTime('past_due_at', 'must be in the future; cancel the timer instead');
    if (before.expires_at !== null && due >= Date.parse(before.expires_at))
      throw refusedTime(
        'due_after_deadline',
        `must be before ${before.expires_at}, after which it is not sent any more`,
      );
    const [rows]: [(TimerRow & { wait_ms: number })[]] = await this.database.query(
      `UPDATE timers SET due_at = $3, claimed_until = NULL, error = NULL
        WHERE tenant = $1 AND timer_id = $2 AND ${stillWaits} RETURNING *, ${untilDue}`,
      [tenant, id, new Date(due).toISOString()],
    );
    if (!rows[0]) throw ended(await this.get({ tenant, id }));
    this.firing.wakeIn(rows[0].wait_ms);
    return timerOf(rows[0]);
  }
}

/** Pending ones by the time to come, ended ones from the newest back: both by the same index. */
function listing(tenant: string, filter: TimerFilter, after: string | null, limit: number) {
  const parameters: unknown[] = [tenant, filter.status];
  const parameter = (value: unknown): string => `$${parameters.push(value)}`;
  const pending = filter.status === 'pending';
  const conditions = ['tenant = $1', 'state = $2'];
  if (filter.kind) conditions.push(`kind = ${parameter(filter.kind)}`);
  if (filter.recipient !== undefined) conditions.push(`recipients @> ARRAY[${parameter(filter.recipient)}]`);
  if (filter.event_id) conditions.push(`event_id = ${parameter(filter.event_id)}`);
  if (filter.due_from) conditions.push(`due_at >= ${parameter(filter.due_from)}`);
  if (filter.due_to) conditions.push(`due_at < ${parameter(filter.due_to)}`);
  if (after) {
    const [due, id] = after.split(' ');
    conditions.push(
      `(due_at, timer_id) ${pending ? '>' : '<'} (${parameter(due)}::timestamptz, ${parameter(id)}::uuid)`,
    );
  }
  const direction = pending ? 'ASC' : 'DESC';
  const sql = `SELECT * FROM timers WHERE ${conditions.join(' AND ')}
    ORDER BY due_at ${direction}, timer_id ${direction} LIMIT ${limit}`;
  return { sql, parameters };
}

function timerOf(row: TimerRow): Timer {
  return {
    id: row.timer_id,
    kind: row.kind,
    status: row.state,
    due_at: row.due_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    fired_at: row.fired_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    event_id: row.event_id,
    type: row.message && typeOf(row.message),
    recipients: row.message ? (row.recipients ?? []).slice(0, recipientsShown) : [],
    schedule_id: row.schedule_id,
    error: row.error,
  };
}

function typeOf({ type, data }: CloudEvent): string | null {
  if (type === eventRequested.type) return (data as EventRequest).type ?? null;
  if (type === notificationDeferred.type) return (data as NotificationDeferred).type;
  if (type === reminderDue.type) return (data as ReminderDue).request.type ?? null;
  return type;
}

function ended({ id, status, fired_at }: Timer): Problem {
  return new Problem({
    status: 409,
    code: 'timer_ended',
    title: 'The timer waits no more',
    detail:
      status === 'pending'
        ? `Timer ${id} is firing at this moment.`
        : `Timer ${id} has ${status === 'fired' ? `fired at ${fired_at}` : status === 'expired' ? 'expired' : 'been cancelled'}.`,
  });
}

function refusedTime(code: string, message: string): Problem {
  return Problem.unprocessable(code, 'The timer cannot be moved there', [{ path: 'due_at', message }]);
}
