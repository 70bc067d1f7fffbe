import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { now } from '../clock.ts';
import { eventOf } from '../front-door/event.ts';
import type { Options } from '../options.ts';
import { Progress } from '../report/progress.ts';
import { percentile } from '../report/statistics.ts';
import { cpuBetween, readCpu, type CpuReading } from '../run/cpu.ts';
import { Rig } from '../run/rig.ts';
import type { Scratch } from '../run/scratch.ts';

/** Milliseconds. */
interface Spread {
  p50: number;
  p99: number;
  max: number;
}

export interface TimersResult {
  /** How late timers fire that are due one after the other: until the broker has confirmed their message. */
  punctuality: { timers: number; late: Spread };
  /** What is published at once, without timers: in-app rows a second. */
  pipeline: { events: number; perSecond: number; /** Milliseconds per thousand events, by process. */ cpu: CpuReading };
  /** Timers that are all due at the same moment, with nothing beside them, and with urgent events. */
  drain: Drain;
  drainBesideUrgent: Drain;
  /** Urgent events from publish until they are in the inbox, alone and while the timers drain. */
  urgent: { perSecond: number; alone: Spread; beside: Spread };
}

interface Drain {
  timers: number;
  /** From the moment at which all are due until the last one fired. */
  firedPerSecond: number;
  /** Until the last one was in its inbox. */
  arrivedPerSecond: number;
  /** How late they fired. */
  late: Spread;
  /** CPU milliseconds per thousand timers, by process. */
  cpu: CpuReading;
}

const services = ['preferences', 'template-renderer', 'inbox', 'scheduler'];
const punctual = { count: 500, perSecond: 50 };
const arrivalsWithinMs = 600_000;

/**
 * Measures what waits for its time: how punctual timers are, how fast very many drain that are due at once, and what that costs somebody
 * who publishes something urgent meanwhile.
 */
export async function measureTimers(
  { timers, rate, seconds, env, profile }: Pick<Options, 'timers' | 'rate' | 'seconds' | 'env' | 'profile'>,
  scratch: Scratch,
  undo: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<TimersResult> {
  const rig = await Rig.start(scratch);
  undo.push(() => rig.stop());
  const side = new CarillonSide({ scratch, smtpUrl: rig.smtpUrl, withEmail: false, env, profileTo: profile }, services);
  undo.push(() => side.stop());
  await side.start();
  const progress = new Progress(5);
  undo.push(async () => progress.clear());
  const arrivals = await Arrivals.start(scratch);
  undo.push(() => arrivals.stop());
  const check = (): void => {
    signal.throwIfAborted();
    for (const child of side.children) if (child.trouble()) throw child.trouble();
  };
  /** Waits until so many in-app rows of a tenant are there. @returns when, on {@link now}'s clock */
  const arrived = async (tenant: string, count: number): Promise<number> => {
    for (const deadline = now() + arrivalsWithinMs; ; await sleep(100)) {
      check();
      if ((await side.inApp(tenant)) >= count) return now();
      if (now() > deadline) throw new Error(`not all of the ${count} of ${tenant} arrived`);
    }
  };
  const processes = [...side.children, ...rig.children, { name: 'bench', pid: process.pid }];
  const perThousand = (used: CpuReading, count: number): CpuReading =>
    Object.fromEntries(Object.entries(used).map(([name, ms]) => [name, (ms * 1000) / count]));
  const flatOut = async (tenant: string, events: number): Promise<Omit<TimersResult['pipeline'], 'events'>> => {
    await side.addRecipients(tenant, 1000);
    const before = readCpu(processes);
    const order = { exchange: side.exchange, type: side.types.in_app, tenant, count: events, recipients: 1000 };
    const [{ startedAt }, endedAt] = await Promise.all([rig.publish(order), arrived(tenant, events)]);
    const cpu = perThousand(cpuBetween(before, readCpu(processes)), events);
    return { perSecond: (events * 1000) / (endedAt - startedAt), cpu };
  };
  let rounds = 0;
  const urgent = async (perSecond: number, forSeconds: number): Promise<Spread> => {
    const tenant = `urgent-${++rounds}`;
    const count = perSecond * forSeconds;
    await side.addRecipients(tenant, count);
    const { times } = await rig.publish({
      ...{ exchange: side.exchange, type: 'bench.urgent', tenant, count, recipients: count, perSecond, urgent: true },
    });
    await arrived(tenant, count);
    return spread(times.map((time, i) => arrivals.at(tenant, `recipient-${i}`) - time));
  };

  // Hot code is compiled first.
  await flatOut('warm', 3_000);
  await urgent(rate, 2);

  await side.addRecipients('punctual', 1000);
  await setTimers(scratch, side, 'punctual', punctual.count, 3_000, 1000 / punctual.perSecond);
  await arrived('punctual', punctual.count);
  const punctuality = { timers: punctual.count, late: await lateness(scratch, 'punctual') };
  progress.finish('one after the other', `late p99 ${punctuality.late.p99.toFixed(0)} ms`);

  const events = Math.min(20_000, timers);
  const pipeline = { events, ...(await flatOut('flat-out', events)) };
  progress.finish('published at once', `${pipeline.perSecond.toFixed(0)}/s`);

  const alone = await urgent(rate, seconds);
  progress.finish('urgent, alone', `p50 ${alone.p50.toFixed(1)} ms, p99 ${alone.p99.toFixed(1)} ms`);

  /** @param meanwhile begins when they are due */
  const drained = async <T>(tenant: string, meanwhile: () => Promise<T>): Promise<[Drain, T]> => {
    await side.addRecipients(tenant, 1000);
    // Written before the first is due.
    const waitMs = Math.max(3_000, timers / 4);
    const due = now() + (await setTimers(scratch, side, tenant, timers, waitMs, 0));
    await sleep(Math.max(0, due - now()));
    const before = readCpu(processes);
    const [met, endedAt] = await Promise.all([meanwhile(), arrived(tenant, timers)]);
    const cpu = perThousand(cpuBetween(before, readCpu(processes)), timers);
    const late = await lateness(scratch, tenant);
    const firedPerSecond = (timers * 1000) / late.max;
    const arrivedPerSecond = (timers * 1000) / (endedAt - due);
    progress.finish('at once', `fired ${firedPerSecond.toFixed(0)}/s, in the inbox ${arrivedPerSecond.toFixed(0)}/s`);
    return [{ timers, firedPerSecond, arrivedPerSecond, late, cpu }, met];
  };
  const [drain] = await drained('drain', async () => undefined);
  // Urgent ones all the while: for as long as the drain took, nearly.
  const forSeconds = Math.max(1, Math.floor((0.8 * timers) / drain.arrivedPerSecond));
  const [drainBesideUrgent, beside] = await drained('drain-beside', () => urgent(rate, forSeconds));
  return { punctuality, pipeline, drain, drainBesideUrgent, urgent: { perSecond: rate, alone, beside } };
}

/**
 * Writes timers as if another replica had been told of them.
 *
 * @param inMs when the first one is due
 * @param apartMs how long after each other they are
 * @returns in how many milliseconds the first one is due
 */
async function setTimers(
  { db }: Scratch,
  { types }: CarillonSide,
  tenant: string,
  count: number,
  inMs: number,
  apartMs: number,
): Promise<number> {
  const message = eventOf({ exchange: '', type: types.in_app, tenant, count, recipients: 1000 }, 0);
  await db.query('SET synchronous_commit = off');
  const { rows } = await db.query<{ first: Date; now: Date }>(
    `WITH moment AS (SELECT clock_timestamp() + $3 * interval '1 millisecond' AS first),
     set AS (
       INSERT INTO scheduler.timers (timer_id, tenant, due_at, routing_key, message, recipients)
       SELECT gen_random_uuid(), $1, first + i * $4 * interval '1 millisecond', $5,
              $6::jsonb || jsonb_build_object('id', $1 || i, 'data', $6::jsonb -> 'data' ||
                jsonb_build_object('recipient_id', 'recipient-' || i % 1000)),
              ARRAY['recipient-' || i % 1000]
         FROM moment, generate_series(0, $2 - 1) AS i
       RETURNING 1)
     SELECT first, clock_timestamp() AS now FROM moment, (SELECT count(*) FROM set) AS all_of_them`,
    [tenant, count, inMs, apartMs, types.in_app, JSON.stringify(message)],
  );
  return rows[0]!.first.getTime() - rows[0]!.now.getTime();
}

async function lateness({ db }: Scratch, tenant: string): Promise<Spread> {
  const { rows } = await db.query<{ late: number }>(
    `SELECT (extract(epoch FROM fired_at - due_at) * 1000)::float8 AS late FROM scheduler.timers WHERE tenant = $1`,
    [tenant],
  );
  return spread(rows.map(({ late }) => late));
}

function spread(values: readonly number[]): Spread {
  const max = values.reduce((most, value) => Math.max(most, value), 0);
  return { p50: percentile(values, 50), p99: percentile(values, 99), max };
}

/** When urgent notifications became visible: PostgreSQL tells at the commit. */
class Arrivals {
  private readonly times = new Map<string, number>();

  private constructor(
    private readonly listener: pg.Client,
    private readonly db: pg.Client,
  ) {}

  static async start({ databaseUrl, db }: Scratch): Promise<Arrivals> {
    const listener = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
    await listener.connect();
    const arrivals = new Arrivals(listener, db);
    listener.on('notification', ({ payload }) => arrivals.times.set(payload!, now()));
    await listener.query('LISTEN bench_urgent');
    await db.query(`
      CREATE FUNCTION public.bench_urgent() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('bench_urgent', NEW.tenant || ' ' || NEW.recipient); RETURN NULL; END $$;
      CREATE TRIGGER bench_urgent AFTER INSERT ON inbox.notifications FOR EACH ROW
        WHEN (NEW.priority = 'urgent') EXECUTE FUNCTION public.bench_urgent()`);
    return arrivals;
  }

  at(tenant: string, recipient: string): number {
    return this.times.get(`${tenant} ${recipient}`) ?? NaN;
  }

  async stop(): Promise<void> {
    await this.db.query(
      'DROP TRIGGER IF EXISTS bench_urgent ON inbox.notifications; DROP FUNCTION IF EXISTS public.bench_urgent()',
    );
    await this.listener.end();
  }
}
