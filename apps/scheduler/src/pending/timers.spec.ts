import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cancelTimer,
  dueEvent,
  freshId,
  getTimer,
  listTimers,
  moveTimer,
  stopEvent,
  timerSet,
  type CloudEvent,
  type TimerFilter,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { migrations } from '../../migrations/index.ts';
import { inMs, timerDue, timerRow, untilState } from '../../testing/timers.ts';
import { service } from '../service.ts';

describe('timers that wait', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let scheduler: TestService;
  let street: CloudEvent[];
  let tenants = 0;

  beforeAll(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    street = await broker.capture(dueEvent);
    scheduler = await startTestService(service, {}, { database, broker });
  });
  afterAll(async () => {
    await scheduler?.close();
    await broker?.close();
    await database?.drop();
  });

  const ask: TestService['messages']['call'] = (...question) => scheduler.messages.call(...question);
  const freshTenant = () => `tenant-${++tenants}`;
  async function set(tenant: string, ...timers: TimerSet[]): Promise<TimerSet[]> {
    for (const timer of timers) {
      const message = { ...timer.message, tenant };
      await scheduler.messages.publish(timerSet, { ...timer, message }, { tenant, id: timer.timer_id });
    }
    for (const timer of timers) await until('it is set', () => timerRow(database, timer));
    return timers;
  }
  const list = async (tenant: string, filter: Partial<TimerFilter> = {}, limit = 100, after: string | null = null) =>
    ask(listTimers, { tenant, filter: { status: 'pending', ...filter }, limit, after });
  const inHours = (hours: number) => timerDue(inMs(hours * 3_600_000));

  it('are listed by their time, page by page, with what waits and for whom', async () => {
    const tenant = freshTenant();
    const timers = await set(tenant, inHours(3), inHours(1), inHours(2));
    const first = await list(tenant, {}, 2);
    const second = await list(tenant, {}, 2, first.next);
    const ids = [...first.data, ...second.data].map(({ id }) => id);
    expect(ids).toEqual([timers[1]!, timers[2]!, timers[0]!].map(({ timer_id }) => timer_id));
    expect(second.next).toBeNull();
    expect(first.data[0]).toMatchObject({
      kind: 'event',
      status: 'pending',
      type: 'welcome',
      recipients: ['parent-17'],
    });
  });

  it('are found by kind, person, event and time', async () => {
    const tenant = freshTenant();
    const event_id = freshId();
    const [wanted] = await set(tenant, { ...inHours(1), event_id }, inHours(30));
    const found = async (filter: Partial<TimerFilter>) => (await list(tenant, filter)).data.map(({ id }) => id);
    expect(await found({ event_id })).toEqual([wanted!.timer_id]);
    expect(await found({ due_to: inMs(7_200_000).toISOString() })).toEqual([wanted!.timer_id]);
    expect(await found({ due_from: inMs(7_200_000).toISOString() })).toHaveLength(1);
    expect(await found({ recipient: 'parent-17' })).toHaveLength(2);
    expect(await found({ recipient: 'nobody' })).toEqual([]);
    expect(await found({ kind: 'schedule' })).toEqual([]);
    expect((await list('elsewhere')).data).toEqual([]);
  });

  it('that are cancelled never fire; cancelling again changes nothing', async () => {
    const tenant = freshTenant();
    const [timer] = await set(tenant, timerDue(inMs(3_600_000)));
    const one = { tenant, id: timer!.timer_id };
    expect(await ask(cancelTimer, one)).toMatchObject({ status: 'cancelled', type: null, recipients: [] });
    expect(await ask(cancelTimer, one)).toMatchObject({ status: 'cancelled' });
    expect((await timerRow(database, timer!))!.message).toBeNull();
    expect((await list(tenant, { status: 'cancelled' })).data).toHaveLength(1);
    // Set once more, as after a redelivery, it stays cancelled.
    await scheduler.messages.publish(timerSet, timer!, { tenant, id: timer!.timer_id });
    const [later] = await set(tenant, timerDue(inMs(300)));
    await untilState(database, later!, 'fired');
    expect(await ask(getTimer, one)).toMatchObject({ status: 'cancelled' });
  });

  it('that are moved fire at the new time', async () => {
    const tenant = freshTenant();
    const [timer] = await set(tenant, inHours(5));
    const soon = inMs(700);
    expect(await ask(moveTimer, { tenant, id: timer!.timer_id, due_at: soon.toISOString() })).toMatchObject({
      due_at: soon.toISOString(),
    });
    const { fired_at } = await untilState(database, timer!, 'fired');
    expect(fired_at!.getTime()).toBeGreaterThanOrEqual(soon.getTime());
    await until('its message', () => street.some((event) => event.timer === timer!.timer_id));
    await expect(ask(cancelTimer, { tenant, id: timer!.timer_id })).rejects.toMatchObject({ code: 'timer_ended' });
    await expect(
      ask(moveTimer, { tenant, id: timer!.timer_id, due_at: inMs(1e6).toISOString() }),
    ).rejects.toMatchObject({ code: 'timer_ended' });
  });

  it('cannot be moved into the past or behind their deadline', async () => {
    const tenant = freshTenant();
    const [timer] = await set(tenant, { ...inHours(1), expires_at: inMs(7_200_000).toISOString() });
    const move = (ms: number) => ask(moveTimer, { tenant, id: timer!.timer_id, due_at: inMs(ms).toISOString() });
    await expect(move(-1_000)).rejects.toMatchObject({ code: 'past_due_at', errors: [{ path: 'due_at' }] });
    await expect(move(8_000_000)).rejects.toMatchObject({ code: 'due_after_deadline', errors: [{ path: 'due_at' }] });
  });

  it('of a cancelled event are stopped together, also those that are set only afterwards', async () => {
    const tenant = freshTenant();
    const event_id = freshId();
    await set(tenant, { ...inHours(1), event_id }, { ...inHours(2), event_id }, inHours(3));
    const stop = (of: string) =>
      ask(stopEvent, { tenant: of, service: 'scheduler', event_id, cancelled_at: new Date().toISOString() });
    expect(await stop('elsewhere')).toEqual({ stopped: { timers: 0, digest_items: 0 }, out: {} });
    expect(await stop(tenant)).toEqual({ stopped: { timers: 2, digest_items: 0 }, out: {} });
    expect((await list(tenant)).data).toHaveLength(1);
    const [late] = await set(tenant, { ...inHours(4), event_id });
    await untilState(database, late!, 'cancelled');
    expect(await stop(tenant)).toEqual({ stopped: { timers: 3, digest_items: 0 }, out: {} });
  });

  it('of another tenant are not found', async () => {
    const [timer] = await set(freshTenant(), inHours(1));
    const foreign = { tenant: freshTenant(), id: timer!.timer_id };
    for (const question of [
      ask(getTimer, foreign),
      ask(cancelTimer, foreign),
      ask(moveTimer, { ...foreign, due_at: inMs(1e6).toISOString() }),
    ])
      await expect(question).rejects.toMatchObject({ status: 404 });
  });
});
