import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  deleteSchedule,
  dueEvent,
  eventId,
  eventRequested,
  freshId,
  getSchedule,
  listScheduleRuns,
  listSchedules,
  listTimers,
  pauseSchedule,
  putSchedule,
  runSchedule,
  type CloudEvent,
  type Schedule,
  type ScheduleInput,
} from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, unique, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { migrations } from '../../migrations/index.ts';
import { service } from '../service.ts';

const tenant = 'school';
const weekly: ScheduleInput = {
  name: 'Weekly letter',
  cron: '0 8 * * mon',
  time_zone: 'Africa/Nairobi',
  event: { type: 'system_update', audience: { all: true }, data: { title: 'Hello', message: 'News.' } },
  deadline: '1h',
};

describe('a recurring schedule', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let street: CloudEvent[];
  let replicas: TestService[];
  let { messages } = {} as TestService;
  const exchanges: string[] = [];

  beforeEach(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    street = await broker.capture(dueEvent);
    replicas = [];
    ({ messages } = await startReplica());
  });
  afterEach(async () => {
    await Promise.all(replicas.map((replica) => replica.close()));
    for (const exchange of exchanges.splice(0)) await broker.channel.deleteExchange(exchange);
    await broker.close();
    await database.drop();
  });

  async function startReplica(env: Record<string, string> = {}): Promise<TestService> {
    const replica = await startTestService(service, env, { database, broker });
    replicas.push(replica);
    return replica;
  }
  const put = (changes: Partial<ScheduleInput> = {}, id?: string) =>
    messages.call(putSchedule, { tenant, id, schedule: { ...weekly, ...changes }, by: 'tests' });
  const get = (id: string) => messages.call(getSchedule, { tenant, id });
  const runs = async (id: string) =>
    (await messages.call(listScheduleRuns, { tenant, id, limit: 100, after: null })).data;
  /** As if its next time had been so long ago. */
  async function comesDue({ id }: Pick<Schedule, 'id'>, hoursAgo: number): Promise<void> {
    await database.query(
      `WITH moved AS (
         UPDATE scheduler.timers SET timer_id = gen_random_uuid(), due_at = now() - make_interval(mins => $2),
                expires_at = expires_at - (due_at - now()) - make_interval(mins => $2)
          WHERE schedule_id = $1 AND state = 'pending')
       UPDATE scheduler.schedules SET next_at = now() - make_interval(mins => $2) WHERE schedule_id = $1`,
      [id, Math.round(hoursAgo * 60)],
    );
  }
  const errorsOf = (changes: Partial<ScheduleInput>) =>
    put(changes).then(
      () => [],
      ({ code, errors }) => [code, ...errors.map(({ path, message }: any) => `${path}: ${message}`)],
    );

  it('shows its next five times, in the zone it was made for', async () => {
    const schedule = await put();
    expect(schedule.next_runs).toHaveLength(5);
    for (const time of schedule.next_runs) {
      expect(new Date(time).getUTCDay()).toBe(1);
      expect(time).toMatch(/T05:00:00.000Z$/);
    }
    expect(schedule).toMatchObject({ name: 'Weekly letter', paused: false, last_run: null, created_by: 'tests' });
    expect((await messages.call(listSchedules, { tenant, limit: 10, after: null })).data).toEqual([schedule]);
    const { data } = await messages.call(listTimers, { tenant, filter: { status: 'pending' }, limit: 10, after: null });
    expect(data).toMatchObject([{ kind: 'schedule', schedule_id: schedule.id, due_at: schedule.next_runs[0] }]);
  });

  it('asks for its event when its time has come, and plans the time after it', async () => {
    const schedule = await put();
    await comesDue(schedule, 0);
    const [event] = await until('the event', () => street.length > 0 && street);
    expect(event).toMatchObject({ type: eventRequested.type, tenant, data: weekly.event });
    const after = await until('the next time is planned', async () => {
      const found = await get(schedule.id);
      return found.last_run?.status === 'fired' && found.next_runs[0] === schedule.next_runs[0] && found;
    });
    expect(after.next_runs).toEqual(schedule.next_runs);
    const run = after.last_run!;
    expect(run.event_id).toBe(eventId(Date.parse(event!.time!), tenant, event!.source, event!.id));
  });

  it('happens once each time however many replicas plan', async () => {
    await Promise.all([startReplica(), startReplica()]);
    const schedules = await Promise.all(Array.from({ length: 30 }, (_, n) => put({ name: `Letter ${n}` })));
    await Promise.all(schedules.map((schedule) => comesDue(schedule, 0)));
    await until('all have happened', () => street.length >= 30);
    await until('all are planned again', async () => {
      const [{ count }] = (await database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM scheduler.timers WHERE state = 'pending'`,
      )) as [{ count: number }];
      return count === 30;
    });
    expect(new Set(street.map(({ id }) => id)).size).toBe(30);
  });

  it('happens late once after an outage, if its deadline allows, and then at its next time', async () => {
    const [late, tooLate] = await Promise.all([put({ deadline: '2h' }), put({ deadline: '30m' })]);
    await Promise.all([comesDue(late, 1), comesDue(tooLate, 1)]);
    const statuses = () => Promise.all([late, tooLate].map(async ({ id }) => (await get(id)).last_run?.status));
    await until('both are settled', async () => (await statuses()).join() === 'fired,expired');
    expect(street).toHaveLength(1);
    for (const { id, next_runs } of [late, tooLate]) expect((await get(id)).next_runs[0]).toBe(next_runs[0]);
  });

  it('does not happen while it is paused, nor afterwards for what it missed', async () => {
    const schedule = await put();
    const paused = await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: true });
    expect(paused).toMatchObject({ paused: true, next_runs: [] });
    expect((await runs(schedule.id)).map(({ status }) => status)).toEqual(['cancelled']);
    const resumed = await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: false });
    expect(resumed.next_runs).toEqual(schedule.next_runs);
    expect((await runs(schedule.id)).map(({ status }) => status).sort()).toEqual(['cancelled', 'pending']);
    expect(await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: false })).toEqual(resumed);
  });

  it('happens when it is asked to, even while it is paused', async () => {
    const schedule = await put();
    await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: true });
    const run = await messages.call(runSchedule, { tenant, id: schedule.id });
    await until('it has happened', async () =>
      (await runs(schedule.id)).some(({ id, status }) => id === run.id && status === 'fired'),
    );
    await until('the event', () => street.length === 1);
  });

  it('is made once, and happens once, by a request that comes twice', async () => {
    const request = { tenant, new_id: freshId(), schedule: weekly, by: 'x' };
    const schedule = await messages.call(putSchedule, request);
    const asked = { id: freshId(), at: new Date().toISOString() };
    const run = await messages.call(runSchedule, { tenant, id: schedule.id, asked });
    expect((await messages.call(putSchedule, request)).id).toBe(schedule.id);
    expect((await messages.call(runSchedule, { tenant, id: schedule.id, asked })).id).toBe(run.id);
    const all = (await runs(schedule.id)).filter(({ id }) => id === run.id);
    expect(all).toHaveLength(1);
    const other = await messages.call(runSchedule, { tenant, id: schedule.id, asked: { ...asked, id: freshId() } });
    expect(other.id).not.toBe(run.id);
  });

  it('that is changed forgets the times of its old rule', async () => {
    const schedule = await put();
    const changed = await put(
      { cron: undefined, rrule: 'FREQ=DAILY;INTERVAL=2', starts_at: '2030-01-01T09:30' },
      schedule.id,
    );
    expect(changed.id).toBe(schedule.id);
    expect(changed.next_runs.slice(0, 2)).toEqual(['2030-01-01T06:30:00.000Z', '2030-01-03T06:30:00.000Z']);
    expect((await runs(schedule.id)).map(({ status }) => status).sort()).toEqual(['cancelled', 'pending']);
    // And back again, to a time that was cancelled before.
    expect((await put({}, schedule.id)).next_runs).toEqual(schedule.next_runs);
    expect((await runs(schedule.id)).filter(({ status }) => status === 'pending')).toHaveLength(1);
  });

  it('that is deleted happens no more', async () => {
    const schedule = await put();
    await messages.call(deleteSchedule, { tenant, id: schedule.id });
    await expect(get(schedule.id)).rejects.toMatchObject({ status: 404 });
    const { data } = await messages.call(listTimers, {
      tenant,
      filter: { status: 'cancelled' },
      limit: 10,
      after: null,
    });
    expect(data).toMatchObject([{ schedule_id: schedule.id }]);
  });

  it('ends with its rule', async () => {
    const { id } = await put({ cron: undefined, rrule: 'FREQ=DAILY;COUNT=1', starts_at: '2040-01-01T00:00' });
    await comesDue({ id }, 0);
    // The rule is looked at after now, and its only time is in 2040.
    await until('that time', async () => (await get(id)).last_run?.status === 'fired');
    await database.query(
      `UPDATE scheduler.schedules SET rrule = 'FREQ=DAILY;COUNT=1', starts_at = '2020-01-01T00:00', next_at = now()`,
    );
    await until('it has ended', async () => (await get(id)).next_runs.length === 0);
  });

  it('sends a message to a domain service, and waits for its exchange', async () => {
    const exchange = `finance_${unique()}`;
    const schedule = await put({
      event: undefined,
      publish: { exchange, routing_key: 'arrears.due', type: 'arrears.due', data: { days: 30 } },
    });
    await comesDue(schedule, 0);
    await until('the missing exchange is told', async () =>
      (await runs(schedule.id)).some(({ error }) => error?.includes(exchange)),
    );
    exchanges.push(exchange);
    await broker.channel.assertExchange(exchange, 'topic', { autoDelete: false });
    const { queue } = await broker.channel.assertQueue('', { exclusive: true });
    await broker.channel.bindQueue(queue, exchange, 'arrears.*');
    const heard: CloudEvent[] = [];
    await broker.channel.consume(queue, (message) => heard.push(JSON.parse(message!.content.toString())), {
      noAck: true,
    });
    await until('the service hears it', () => heard.length > 0);
    expect(heard[0]).toMatchObject({ type: 'arrears.due', tenant, data: { days: 30 }, source: '/carillon/scheduler' });
    await until('it is marked', async () => (await get(schedule.id)).last_run?.status === 'fired');
    expect((await get(schedule.id)).last_run).toMatchObject({ error: null, event_id: null });
  });

  it('that fails again and again can be deleted', async () => {
    const schedule = await put({
      event: undefined,
      publish: { exchange: `missing_${unique()}`, routing_key: '', type: 'arrears.due', data: {} },
    });
    await comesDue(schedule, 0);
    await until('it fails', async () => (await runs(schedule.id)).some(({ error }) => error !== null));
    const cancelled = async () => {
      const page = await messages.call(listTimers, { tenant, filter: { status: 'cancelled' }, limit: 10, after: null });
      return page.data.filter(({ schedule_id }) => schedule_id === schedule.id).length;
    };
    await until('it is not being sent at this very moment', async () => {
      await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: true });
      await messages.call(pauseSchedule, { tenant, id: schedule.id, paused: false });
      return (await cancelled()) > 0;
    });
    await messages.call(deleteSchedule, { tenant, id: schedule.id });
  });

  it('that never comes true, or is no schedule at all, is refused and not kept', async () => {
    expect((await errorsOf({ cron: '0 0 30 2 *' })).join()).toContain('invalid_schedule,cron: never comes true');
    expect((await errorsOf({ rrule: 'FREQ=DAILY' })).join()).toContain('cron: give either cron or rrule');
    expect((await messages.call(listSchedules, { tenant, limit: 10, after: null })).data).toEqual([]);
  });

  it('may not send to Carillon’s own exchanges, nor to those of other tenants', async () => {
    const to = (exchange: string) => ({
      event: undefined,
      publish: { exchange, routing_key: 'x', type: 'x.y', data: {} },
    });
    expect((await errorsOf(to(`${broker.prefix}.events`))).join()).toContain('Carillon’s own');
    await replicas.pop()!.close();
    ({ messages } = await startReplica({ SOURCE_EXCHANGES: 'shop=*' }));
    expect((await errorsOf(to('finance'))).join()).toContain('SOURCE_EXCHANGES');
  });

  it('of another tenant is not found', async () => {
    const { id } = await put();
    const foreign = { tenant: 'shop', id };
    const asked = [
      messages.call(getSchedule, foreign),
      messages.call(deleteSchedule, foreign),
      messages.call(runSchedule, foreign),
      messages.call(pauseSchedule, { ...foreign, paused: true }),
      messages.call(listScheduleRuns, { ...foreign, limit: 10, after: null }),
      messages.call(putSchedule, { ...foreign, schedule: weekly, by: 'x' }),
    ];
    for (const answer of await Promise.allSettled(asked)) expect(answer).toMatchObject({ reason: { status: 404 } });
    expect((await messages.call(listSchedules, { tenant: 'shop', limit: 10, after: null })).data).toEqual([]);
  });
});
