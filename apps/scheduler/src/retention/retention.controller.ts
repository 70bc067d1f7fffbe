import {
  freshId,
  getRetention,
  getRetentionRun,
  listRetentionRuns,
  Problem,
  retentionServices,
  runRetention,
  setRetention,
  type Removed,
  type Retention,
  type RetentionKind,
  type RetentionRun,
  type RetentionService,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { insertRows } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';
import type { SchedulerConfig } from '../config.ts';
import { defaultsOf } from './plan.ts';
import { everybody, RetentionRuns } from './retention-runs.ts';

interface RunRow {
  run_id: string;
  asked_by: string | null;
  due_at: Date | null;
  begun_at: Date;
  finished_at: Date | null;
  removed: { kind: RetentionKind; count: number }[];
  parts: { service: RetentionService; worked_ms: number; error: string | null; finished: boolean }[];
}

/** What a tenant sees of the runs: its own and everybody's, with what was removed of its own. */
const runs = `
  SELECT r.run_id, r.asked_by, r.due_at, r.begun_at, r.finished_at,
    ARRAY(SELECT json_build_object('kind', d.kind, 'count', d.count) FROM retention_removed d
           WHERE d.tenant = $1 AND d.run_id = r.run_id ORDER BY d.kind) AS removed,
    ARRAY(SELECT json_build_object('service', p.service, 'worked_ms', p.worked_ms, 'error', p.error,
                                   'finished', p.finished_at IS NOT NULL) FROM retention_parts p
           WHERE p.tenant = r.tenant AND p.run_id = r.run_id ORDER BY p.service) AS parts
    FROM retention_runs r WHERE r.tenant IN ($1, '${everybody}')`;

/** For how long what is kept, and what was removed. */
@Controller()
export class RetentionController {
  constructor(
    private readonly database: DataSource,
    private readonly retention: RetentionRuns,
    @Inject(CONFIG) private readonly config: SchedulerConfig,
  ) {}

  @MessagePattern<string>(getRetention.name)
  async get(@Payload() { tenant }: RequestOf<typeof getRetention>): Promise<Retention> {
    const chosen: { kind: string; days: number }[] = await this.database.query(
      'SELECT kind, days FROM retention_days WHERE tenant = $1',
      [tenant],
    );
    const [clock]: [{ next_at: Date }?] = await this.database.query('SELECT next_at FROM retention_clock');
    const own = new Map(chosen.map(({ kind, days }) => [kind, days]));
    return {
      schedule: this.config.RETENTION_SCHEDULE,
      time_zone: this.config.RETENTION_TIME_ZONE,
      next_run: (clock?.next_at ?? this.retention.nextAfter(Date.now())).toISOString(),
      kinds: defaultsOf(this.config.RETENTION_DAYS).map((kind) => ({
        ...kind,
        days: (kind.fixed ? undefined : own.get(kind.kind)) ?? kind.default_days,
      })),
    };
  }

  @MessagePattern<string>(setRetention.name)
  async set(@Payload() { tenant, days, by }: RequestOf<typeof setRetention>): Promise<Retention> {
    const rows = Object.entries(days).map(([kind, own]) => ({ tenant, kind, days: own, set_by: by }));
    const set_at = new Date().toISOString();
    await this.database.transaction(async (transaction) => {
      await transaction.query('DELETE FROM retention_days WHERE tenant = $1', [tenant]);
      await insertRows(
        transaction,
        'retention_days',
        rows.map((row) => ({ ...row, set_at })),
        {
          onConflict:
            '(tenant, kind) DO UPDATE SET days = excluded.days, set_by = excluded.set_by, set_at = excluded.set_at',
        },
      );
    });
    return this.get({ tenant });
  }

  @MessagePattern<string>(runRetention.name)
  async run(@Payload() { tenant, dry_run, by }: RequestOf<typeof runRetention>): Promise<RetentionRun> {
    if (dry_run) return this.tryOut(tenant, by);
    const run_id = freshId();
    await this.database.transaction((transaction) =>
      this.retention.begin(transaction, { tenant, run_id, asked_by: by, due_at: null }),
    );
    return this.one({ tenant, id: run_id });
  }

  @MessagePattern<string>(getRetentionRun.name)
  async one(@Payload() { tenant, id }: RequestOf<typeof getRetentionRun>): Promise<RetentionRun> {
    const [row]: RunRow[] = await this.database.query(`${runs} AND r.run_id = $2`, [tenant, id]);
    if (!row) throw Problem.notFound('retention run', id);
    return runOf(row);
  }

  @MessagePattern<string>(listRetentionRuns.name)
  async list(
    @Payload() { tenant, limit, after }: RequestOf<typeof listRetentionRuns>,
  ): Promise<ResponseOf<typeof listRetentionRuns>> {
    const rows: RunRow[] = await this.database.query(
      `${runs} AND ($2::uuid IS NULL OR r.run_id < $2) ORDER BY r.run_id DESC LIMIT $3`,
      [tenant, after, limit + 1],
    );
    const page = rows.slice(0, limit);
    return { data: page.map(runOf), next: rows.length > limit ? page.at(-1)!.run_id : null };
  }

  /** What a run would remove now. */
  private async tryOut(tenant: string, by: string): Promise<RetentionRun> {
    const begun_at = new Date().toISOString();
    const sums = new Map<RetentionKind, RetentionRun['removed'][number]>();
    const services = await Promise.all(
      retentionServices.map(async (service): Promise<RetentionRun['services'][number]> => {
        const began = performance.now();
        const seconds = () => Math.round(performance.now() - began) / 1000;
        try {
          const { removed, finished, errors } = await this.retention.tend(service, tenant, true);
          for (const one of removed) if (one.tenant === tenant) sums.set(one.kind, summed(sums.get(one.kind), one));
          const error = errors[0]?.error ?? null;
          return { service, status: finished && !error ? 'finished' : 'incomplete', seconds: seconds(), error };
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
          return { service, status: 'incomplete', seconds: seconds(), error: error.message };
        }
      }),
    );
    return {
      ...{ id: null, dry_run: true, asked_by: by, due_at: null, begun_at, finished_at: new Date().toISOString() },
      status: services.every(({ status }) => status === 'finished') ? 'finished' : 'incomplete',
      removed: [...sums.values()],
      services,
    };
  }
}

function summed(sum: RetentionRun['removed'][number] | undefined, { kind, count, oldest }: Removed) {
  const times = [sum?.oldest, oldest].filter((time) => typeof time === 'string').sort();
  return { kind, count: (sum?.count ?? 0) + count, oldest: times[0] ?? null };
}

function runOf({ run_id, removed, parts, due_at, begun_at, finished_at, ...row }: RunRow): RetentionRun {
  const failed = parts.some(({ finished, error }) => finished && error !== null);
  return {
    id: run_id,
    dry_run: false,
    asked_by: row.asked_by,
    due_at: due_at?.toISOString() ?? null,
    begun_at: begun_at.toISOString(),
    finished_at: finished_at?.toISOString() ?? null,
    status: finished_at === null ? 'running' : failed ? 'incomplete' : 'finished',
    removed: removed.map(({ kind, count }) => ({ kind, count, oldest: null })),
    services: parts.map(({ service, worked_ms, error, finished }) => ({
      service,
      status: !finished ? 'waiting' : error === null ? 'finished' : 'incomplete',
      seconds: worked_ms / 1000,
      error,
    })),
  };
}
