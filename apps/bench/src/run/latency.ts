import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { percentile } from '../report/statistics.ts';
import type { Rig } from './rig.ts';
import type { Scratch } from './scratch.ts';
import type { Side } from './side.ts';

export interface LatencyOptions {
  tenant: string;
  perSecond: number;
  seconds: number;
  onProgress(done: number): void;
}

/** Milliseconds from publish until the in-app row is visible. */
export interface Latency {
  p50: number;
  p99: number;
  max: number;
}

/**
 * Publishes to recipients who exist at a low, even rate, one event per recipient. A trigger notifies this process with the recipient; PostgreSQL
 * delivers notifications at commit, when the row becomes visible, so nothing is lost to polling on either side.
 */
export async function measureLatency(
  side: Side,
  rig: Rig,
  scratch: Scratch,
  options: LatencyOptions,
): Promise<Latency> {
  const { tenant, perSecond, seconds, onProgress } = options;
  const count = Math.round(perSecond * seconds);
  const visibleAt = new Map<string, number>();
  const listener = new pg.Client({ connectionString: scratch.databaseUrl, application_name: 'bench' });
  await listener.connect();
  listener.on('notification', ({ payload }) => visibleAt.set(payload!, now()));
  try {
    await listener.query('LISTEN bench_visible');
    await addTrigger(scratch, side);
    const publishing = rig.publish({
      exchange: side.exchange,
      type: side.types.in_app,
      tenant,
      count,
      recipients: count,
      perSecond,
    });
    let failure: unknown;
    publishing.catch((error: unknown) => (failure = error));
    const deadline = now() + seconds * 1000 + 20_000;
    while (visibleAt.size < count) {
      for (const child of side.children) if (child.trouble()) throw child.trouble();
      if (failure) throw failure;
      if (now() > deadline) throw new Error(`${side.name}: only ${visibleAt.size} of ${count} became visible`);
      onProgress(visibleAt.size);
      await sleep(50);
    }
    const { times } = await publishing;
    const latencies = times.map((time, i) => visibleAt.get(`recipient-${i}`)! - time);
    return { p50: percentile(latencies, 50), p99: percentile(latencies, 99), max: Math.max(...latencies) };
  } finally {
    await removeTrigger(scratch, side);
    await listener.end();
  }
}

async function addTrigger({ db }: Scratch, { inbox: { table, recipient } }: Side): Promise<void> {
  await db.query(`
    CREATE FUNCTION public.bench_visible() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_notify('bench_visible', NEW.${recipient}); RETURN NULL; END $$;
    CREATE TRIGGER bench_visible AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION public.bench_visible()`);
}

async function removeTrigger({ db }: Scratch, { inbox: { table } }: Side): Promise<void> {
  await db.query(`DROP TRIGGER IF EXISTS bench_visible ON ${table}; DROP FUNCTION IF EXISTS public.bench_visible()`);
}
