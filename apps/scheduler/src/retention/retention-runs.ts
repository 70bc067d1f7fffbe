import { setTimeout as sleep } from 'node:timers/promises';
import {
  Problem,
  retentionServices,
  tendRetention,
  uuidv8,
  type RetentionService,
  type Tended,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { insertRows, type SqlRunner } from '@carillon/persistence';
import { CONFIG, Repeating } from '@carillon/service';
import { cron, nextOccurrence } from '@carillon/time';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SchedulerConfig } from '../config.ts';
import { planFor, type ChosenDays } from './plan.ts';

const tickMs = 1_000;
/** For how long a service works before it answers; the next portion is asked for with the next tick. */
const portionSeconds = 3;
/** How long its answer is waited for. */
const answerMs = 10_000;
/** On shutdown: whoever works answers by then; who is away is asked again by another replica. */
const lastAnswerMs = portionSeconds * 1000 + 500;
/** At most, after a service could not be asked, or something in it could not be removed: half the age of the run, so soon at first. */
const pauseSeconds = 60;
/** From then on what fails is left for the next run. */
const giveUpAfter = '1 day';

/** Everybody's, in the place of a tenant. */
export const everybody = '';

interface Part {
  tenant: string;
  run_id: string;
  service: RetentionService;
}

/**
 * The runs that remove what was kept for long enough:
 *
 *   its time has come, or somebody asks ─▶ a run with a part for each service ─▶ each is asked, portion by portion, until it is done
 *
 * The run, and that its time has been taken, are one transaction, so any number of replicas begin each time once; one that was missed
 * begins late, once. A part is asked for by one replica at a time; if that dies, another goes on. Services are asked directly, as the
 * gateway asks them: removing the same twice removes nothing, and an answer can be waited for.
 */
@Injectable()
export class RetentionRuns implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RetentionRuns.name);
  private readonly ticking = new Repeating(() => this.tick(), tickMs);
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly database: DataSource,
    private readonly messages: Messages,
    @Inject(CONFIG) private readonly config: SchedulerConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.ticking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.ticking.stop();
    await Promise.race([Promise.all(this.underWay), sleep(lastAnswerMs, undefined, { ref: false })]);
  }

  /**
   * Begins a run; what it removes is known later.
   * @param tenant whose data; {@link everybody}: those of all
   */
  async begin(
    db: SqlRunner,
    run: { tenant: string; run_id: string; asked_by: string | null; due_at: string | null },
  ): Promise<void> {
    const { tenant, run_id } = run;
    await insertRows(db, 'retention_runs', [{ ...run, begun_at: new Date().toISOString() }]);
    await insertRows(
      db,
      'retention_parts',
      retentionServices.map((service) => ({ tenant, run_id, service, worked_ms: 0 })),
    );
  }

  /** Has a service remove, or count, what a tenant has kept for long enough. @throws Problem 503 */
  async tend(service: RetentionService, tenant: string, dryRun: boolean): Promise<Tended> {
    const whose = tenant === everybody ? null : tenant;
    const chosen: ChosenDays[] = await this.database.query(
      'SELECT tenant, kind, days FROM retention_days WHERE $1::text IS NULL OR tenant = $1',
      [whose],
    );
    const plan = planFor(service, this.config.RETENTION_DAYS, chosen);
    return this.messages.call(
      tendRetention,
      { service, tenant: whose, plan, dry_run: dryRun, seconds: portionSeconds },
      { timeoutMs: answerMs },
    );
  }

  /** The next time after a moment. @param after Unix milliseconds */
  nextAfter(after: number): Date {
    const next = nextOccurrence(cron(this.config.RETENTION_SCHEDULE), after, this.config.RETENTION_TIME_ZONE);
    return new Date(next!);
  }

  /** Never rejects. */
  private async tick(): Promise<void> {
    try {
      await this.beginDue();
      for (const part of await this.claim()) {
        const going = this.goOn(part)
          .catch((error: Error) => this.logger.warn({ msg: 'retention waits', error: error.message }))
          .finally(() => this.underWay.delete(going));
        this.underWay.add(going);
      }
    } catch (error) {
      this.logger.warn({ msg: 'retention waits', error: (error as Error).message });
    }
  }

  /** Begins everybody's run where its time has come, and notes the next time. */
  private async beginDue(): Promise<void> {
    const { RETENTION_SCHEDULE, RETENTION_TIME_ZONE } = this.config;
    const rule = `${RETENTION_SCHEDULE} ${RETENTION_TIME_ZONE}`;
    const [clock]: [{ rule: string; next_at: Date; now: Date }?] = await this.database.query(
      'SELECT rule, next_at, now() AS now FROM retention_clock',
    );
    if (clock && clock.rule === rule && clock.next_at > clock.now) return;
    const next = this.nextAfter((clock?.now ?? new Date()).getTime());
    if (!clock) {
      await this.database.query('INSERT INTO retention_clock (rule, next_at) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        rule,
        next,
      ]);
      return;
    }
    const due = clock.next_at <= clock.now;
    await this.database.transaction(async (transaction) => {
      const [, taken]: [unknown, number] = await transaction.query(
        // As exact as a Date is.
        `UPDATE retention_clock SET rule = $1, next_at = $2 WHERE rule = $3 AND date_trunc('milliseconds', next_at) = $4`,
        [rule, next, clock.rule, clock.next_at],
      );
      if (taken === 0 || !due) return;
      await this.giveUpEarlier(transaction);
      await this.begin(transaction, {
        tenant: everybody,
        run_id: uuidv8(clock.next_at.getTime(), 'retention'),
        asked_by: null,
        due_at: clock.next_at.toISOString(),
      });
    });
  }

  /** Of a service that is still away the run before is over: this one asks for the same and more. */
  private async giveUpEarlier(db: SqlRunner): Promise<void> {
    await db.query(
      `UPDATE retention_parts SET finished_at = now(), error = coalesce(error, 'the next run has begun')
        WHERE tenant = $1 AND finished_at IS NULL`,
      [everybody],
    );
    await db.query('UPDATE retention_runs SET finished_at = now() WHERE tenant = $1 AND finished_at IS NULL', [
      everybody,
    ]);
  }

  private async claim(): Promise<Part[]> {
    const [parts]: [Part[], number] = await this.database.query(
      `WITH open AS MATERIALIZED (
         SELECT tenant, run_id, service FROM retention_parts
          WHERE finished_at IS NULL AND (claimed_until IS NULL OR claimed_until <= now())
          ORDER BY run_id LIMIT 20 FOR UPDATE SKIP LOCKED
       )
       UPDATE retention_parts p SET claimed_until = now() + make_interval(secs => $1)
         FROM open WHERE (p.tenant, p.run_id, p.service) = (open.tenant, open.run_id, open.service)
         RETURNING p.tenant, p.run_id, p.service`,
      [(2 * answerMs) / 1000],
    );
    return parts;
  }

  private async goOn(part: Part): Promise<void> {
    const { tenant, service } = part;
    const begun = performance.now();
    let tended: Tended;
    try {
      tended = await this.tend(service, tenant, false);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      tended = { removed: [], finished: false, errors: [{ kind: 'leftovers', error: error.message }] };
    }
    await this.record(part, tended, Math.round(performance.now() - begun));
  }

  private async record({ tenant, run_id, service }: Part, tended: Tended, ms: number): Promise<void> {
    const { removed, finished, errors } = tended;
    const error = errors.length > 0 ? [...new Set(errors.map((one) => one.error))].join('; ').slice(0, 1_000) : null;
    const key = [tenant, run_id, service];
    await this.database.transaction(async (transaction) => {
      // One part after the other: of two that end at the same time the second must see that the first has.
      await transaction.query('SELECT FROM retention_runs WHERE tenant = $1 AND run_id = $2 FOR UPDATE', [
        tenant,
        run_id,
      ]);
      await transaction.query(
        `INSERT INTO retention_removed AS known (tenant, run_id, kind, count)
         SELECT tenant, $2, kind, sum(count) FROM json_to_recordset($1) AS item(tenant text, kind text, count bigint)
          GROUP BY tenant, kind ORDER BY tenant, kind
         ON CONFLICT (tenant, run_id, kind) DO UPDATE SET count = known.count + excluded.count`,
        [JSON.stringify(removed.filter(({ count }) => count > 0)), run_id],
      );
      await transaction.query(
        `UPDATE retention_parts p SET worked_ms = worked_ms + $4, error = $5::text,
           finished_at = CASE WHEN $6 OR ($5::text IS NOT NULL AND r.begun_at < now() - interval '${giveUpAfter}') THEN now() END,
           claimed_until = CASE WHEN $5::text IS NOT NULL THEN
             now() + least(make_interval(secs => $7), greatest(interval '2 seconds', (now() - r.begun_at) / 2)) END
          FROM retention_runs r
         WHERE p.tenant = $1 AND p.run_id = $2 AND p.service = $3 AND r.tenant = p.tenant AND r.run_id = p.run_id
           AND p.finished_at IS NULL`,
        [...key, ms, error, finished && error === null, pauseSeconds],
      );
      const [[ended]]: [{ seconds: number }[], number] = await transaction.query(
        `UPDATE retention_runs r SET finished_at = now()
          WHERE tenant = $1 AND run_id = $2 AND finished_at IS NULL AND NOT EXISTS (
            SELECT FROM retention_parts p WHERE p.tenant = r.tenant AND p.run_id = r.run_id AND p.finished_at IS NULL)
          RETURNING extract(epoch FROM now() - begun_at)::float8 AS seconds`,
        [tenant, run_id],
      );
      if (ended) this.logger.log({ msg: 'retention finished', run: run_id, tenant, seconds: ended.seconds });
    });
  }
}
