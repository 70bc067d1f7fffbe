import {
  deleteSchedule,
  freshId,
  getSchedule,
  listScheduleRuns,
  listSchedules,
  pauseSchedule,
  Problem,
  putSchedule,
  runSchedule,
  type FieldError,
  type ScheduleInput,
} from '@carillon/contracts';
import { Messages, whyForbidden, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { insertRows, type SqlRunner } from '@carillon/persistence';
import { CONFIG, type CommonConfig } from '@carillon/service';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import type { SchedulerConfig } from '../config.ts';
import { Firing } from '../firing/firing.ts';
import { cancelled, stillWaits } from '../firing/timers.ts';
import { Planning } from './planning.ts';
import { mistakesIn, timesOf } from './rule.ts';
import { runOf, scheduleOf, timerOfRun, type RunRow, type ScheduleRow } from './schedule-row.ts';

/** Of one tenant: more are a sign that one is made for each person. */
const schedulesAtMost = 1_000;

const runColumns = 'timer_id, due_at, state, fired_at, event_id, error';

/** The recurring schedules of tenants, as admins make them. */
@Controller()
export class SchedulesController {
  constructor(
    private readonly database: DataSource,
    private readonly planning: Planning,
    private readonly firing: Firing,
    private readonly messages: Messages,
    @Inject(CONFIG) private readonly config: SchedulerConfig & CommonConfig,
  ) {}

  @MessagePattern<string>(putSchedule.name)
  async put(@Payload() request: RequestOf<typeof putSchedule>): Promise<ResponseOf<typeof putSchedule>> {
    const { tenant, id, new_id = freshId(), by, schedule } = request;
    const now = Date.now();
    const times = timesOf(schedule, now);
    const mistakes = [...mistakesIn(times, now), ...this.forbidden(tenant, schedule)];
    if (mistakes.length > 0) throw Problem.unprocessable('invalid_schedule', 'The schedule is not valid', mistakes);
    return this.database.transaction(async (transaction) => {
      const before =
        id === undefined ? await this.made(transaction, tenant, new_id) : await this.locked(transaction, tenant, id);
      if (!before) await this.room(transaction, tenant);
      const row: Partial<ScheduleRow> = {
        tenant,
        schedule_id: before?.schedule_id ?? new_id,
        revision: (before?.revision ?? 0) + 1,
        name: schedule.name,
        cron: null,
        rrule: null,
        ...times,
        event: schedule.event ?? null,
        publish: schedule.publish ?? null,
        deadline: schedule.deadline,
        created_by: before?.created_by ?? by,
      };
      await insertRows(transaction, 'schedules', [row], {
        onConflict: `(tenant, schedule_id) DO UPDATE SET revision = excluded.revision, name = excluded.name, cron = excluded.cron,
          rrule = excluded.rrule, time_zone = excluded.time_zone, starts_at = excluded.starts_at, event = excluded.event,
          publish = excluded.publish, deadline = excluded.deadline, updated_at = now()`,
      });
      return this.planAnew(transaction, tenant, row.schedule_id!);
    });
  }

  @MessagePattern<string>(listSchedules.name)
  async list(@Payload() request: RequestOf<typeof listSchedules>): Promise<ResponseOf<typeof listSchedules>> {
    const { tenant, limit, after } = request;
    const rows: ScheduleRow[] = await this.database.query(
      `SELECT * FROM schedules WHERE tenant = $1 AND ($2::uuid IS NULL OR schedule_id < $2)
        ORDER BY schedule_id DESC LIMIT $3`,
      [tenant, after, limit + 1],
    );
    const page = rows.slice(0, limit);
    return { data: await this.shown(this.database, page), next: rows.length > limit ? page.at(-1)!.schedule_id : null };
  }

  @MessagePattern<string>(getSchedule.name)
  async get(@Payload() { tenant, id }: RequestOf<typeof getSchedule>): Promise<ResponseOf<typeof getSchedule>> {
    return this.one(this.database, tenant, id);
  }

  @MessagePattern<string>(deleteSchedule.name)
  delete(@Payload() { tenant, id }: RequestOf<typeof deleteSchedule>): Promise<ResponseOf<typeof deleteSchedule>> {
    return this.database.transaction(async (transaction) => {
      await this.locked(transaction, tenant, id);
      await cancelPending(transaction, tenant, id);
      const gone = await this.one(transaction, tenant, id);
      await transaction.query('DELETE FROM schedules WHERE tenant = $1 AND schedule_id = $2', [tenant, id]);
      return { ...gone, next_runs: [] };
    });
  }

  @MessagePattern<string>(pauseSchedule.name)
  pause(@Payload() request: RequestOf<typeof pauseSchedule>): Promise<ResponseOf<typeof pauseSchedule>> {
    const { tenant, id, paused } = request;
    return this.database.transaction(async (transaction) => {
      const before = await this.locked(transaction, tenant, id);
      if (before.paused === paused) return this.one(transaction, tenant, id);
      await transaction.query(
        `UPDATE schedules SET paused = $3, revision = revision + 1, updated_at = now() WHERE tenant = $1 AND schedule_id = $2`,
        [tenant, id, paused],
      );
      return this.planAnew(transaction, tenant, id);
    });
  }

  @MessagePattern<string>(runSchedule.name)
  async run(@Payload() { tenant, id, asked }: RequestOf<typeof runSchedule>): Promise<ResponseOf<typeof runSchedule>> {
    const row = await this.database.transaction((transaction) => this.locked(transaction, tenant, id));
    const [{ now }]: [{ now: Date }] = await this.database.query('SELECT now()');
    const due = asked ? new Date(asked.at) : now;
    const timer = timerOfRun(row, due, this.messages.source, `asked for ${asked?.id ?? freshId()}`);
    await insertRows(this.database, 'timers', [timer], { onConflict: 'DO NOTHING' });
    this.firing.wakeIn(Math.max(0, due.getTime() - now.getTime()));
    const [run]: RunRow[] = await this.database.query(
      `SELECT ${runColumns} FROM timers WHERE tenant = $1 AND timer_id = $2`,
      [tenant, timer.timer_id],
    );
    return runOf(run!);
  }

  @MessagePattern<string>(listScheduleRuns.name)
  async runs(@Payload() request: RequestOf<typeof listScheduleRuns>): Promise<ResponseOf<typeof listScheduleRuns>> {
    const { tenant, id, limit, after } = request;
    await this.one(this.database, tenant, id);
    // Ids begin with the due time, so they are in its order.
    const rows: RunRow[] = await this.database.query(
      `SELECT ${runColumns} FROM timers WHERE tenant = $1 AND schedule_id = $2 AND ($3::uuid IS NULL OR timer_id < $3)
        ORDER BY due_at DESC, timer_id DESC LIMIT $4`,
      [tenant, id, after, limit + 1],
    );
    const page = rows.slice(0, limit);
    return { data: page.map(runOf), next: rows.length > limit ? page.at(-1)!.timer_id : null };
  }

  private forbidden(tenant: string, { publish }: ScheduleInput): FieldError[] {
    const { CARILLON_AMQP_PREFIX: prefix, SOURCE_EXCHANGES: permits } = this.config;
    const message = publish && whyForbidden(tenant, publish.exchange, { prefix, permits });
    return message === undefined ? [] : [{ path: 'publish.exchange', message }];
  }

  private async room(db: SqlRunner, tenant: string): Promise<void> {
    const [{ count }] = await db.query('SELECT count(*)::int AS count FROM schedules WHERE tenant = $1', [tenant]);
    if (count < schedulesAtMost) return;
    throw new Problem({
      status: 409,
      code: 'too_many_schedules',
      title: `There are ${schedulesAtMost} schedules already`,
      detail: 'Delete one that is not needed any more; for one per person use reminders in the catalog.',
    });
  }

  /** What was planned by the old rule is cancelled. */
  private async planAnew(db: SqlRunner, tenant: string, id: string) {
    await cancelPending(db, tenant, id);
    const row: ScheduleRow & { now: Date } = (await this.rows(db, tenant, id))[0]!;
    await this.planning.plan(db, [row], row.now.getTime());
    return this.one(db, tenant, id);
  }

  /** A schedule, locked; a new one where the same request has made it before. */
  private async made(db: SqlRunner, tenant: string, id: string): Promise<ScheduleRow | undefined> {
    const [row] = await db.query('SELECT * FROM schedules WHERE tenant = $1 AND schedule_id = $2 FOR UPDATE', [
      tenant,
      id,
    ]);
    return row;
  }

  private async locked(db: SqlRunner, tenant: string, id: string): Promise<ScheduleRow> {
    const row = await this.made(db, tenant, id);
    if (!row) throw Problem.notFound('schedule', id);
    return row;
  }

  private rows(db: SqlRunner, tenant: string, id: string): Promise<(ScheduleRow & { now: Date })[]> {
    return db.query('SELECT *, now() AS now FROM schedules WHERE tenant = $1 AND schedule_id = $2', [tenant, id]);
  }

  private async one(db: SqlRunner, tenant: string, id: string) {
    const rows = await this.rows(db, tenant, id);
    if (rows.length === 0) throw Problem.notFound('schedule', id);
    return (await this.shown(db, rows))[0]!;
  }

  /** With the last time that each one happened. */
  private async shown(db: SqlRunner, rows: readonly ScheduleRow[]) {
    const last: (RunRow & { schedule_id: string })[] = await db.query(
      `SELECT wanted.schedule_id, run.* FROM unnest($1::text[], $2::uuid[]) AS wanted(tenant, schedule_id)
        CROSS JOIN LATERAL (
          SELECT ${runColumns} FROM timers
           WHERE tenant = wanted.tenant AND schedule_id = wanted.schedule_id AND state <> 'pending' AND state <> 'cancelled'
           ORDER BY due_at DESC, timer_id DESC LIMIT 1
        ) AS run`,
      [rows.map(({ tenant }) => tenant), rows.map(({ schedule_id }) => schedule_id)],
    );
    const lastOf = new Map(last.map((run) => [run.schedule_id, run]));
    const now = Date.now();
    return rows.map((row) => {
      const { now: _, ...own } = row as ScheduleRow & { now?: Date };
      return scheduleOf(own, lastOf.get(row.schedule_id), now);
    });
  }
}

async function cancelPending(db: SqlRunner, tenant: string, id: string): Promise<void> {
  await db.query(`UPDATE timers SET ${cancelled} WHERE tenant = $1 AND schedule_id = $2 AND ${stillWaits}`, [
    tenant,
    id,
  ]);
}
