import { freshId, timerSet, type CloudEvent, type TimerSet } from '@carillon/contracts';
import { until, type TestDatabase } from '@carillon/testing';

/** A row of `timers` as tests look at it. */
export interface TimerRow {
  timer_id: string;
  tenant: string;
  state: string;
  due_at: Date;
  expires_at: Date | null;
  claimed_until: Date | null;
  fired_at: Date | null;
  message: CloudEvent;
  created_at: Date;
}

/** A timer whose message has an id of its own. */
export function timerDue(due_at: Date, changes: Partial<TimerSet> = {}): TimerSet {
  return {
    timer_id: freshId(),
    due_at: due_at.toISOString(),
    routing_key: timerSet.example.routing_key,
    message: { ...timerSet.example.message, id: freshId() },
    ...changes,
  };
}

export function inMs(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** Writes timers into the table, as another replica that got them would. */
export async function putTimers(
  database: TestDatabase,
  timers: readonly TimerSet[],
  claimedUntil: Date | null = null,
): Promise<void> {
  const rows = timers.map((timer) => ({ ...timer, claimed_until: claimedUntil }));
  await database.query(
    `INSERT INTO scheduler.timers (timer_id, tenant, due_at, expires_at, routing_key, message, claimed_until, urgent)
     SELECT timer_id, 'default', due_at, expires_at, routing_key, message, claimed_until, coalesce(urgent, false)
       FROM json_populate_recordset(null::scheduler.timers, $1)`,
    [JSON.stringify(rows)],
  );
}

export async function timerRow(
  database: TestDatabase,
  { timer_id }: Pick<TimerSet, 'timer_id'>,
): Promise<TimerRow | undefined> {
  return (await database.query<TimerRow>('SELECT * FROM scheduler.timers WHERE timer_id = $1', [timer_id]))[0];
}

export function untilState(database: TestDatabase, timer: TimerSet, state: string): Promise<TimerRow> {
  return until(`the timer is ${state}`, async () => {
    const row = await timerRow(database, timer);
    return row?.state === state ? row : undefined;
  });
}
