import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  dueEvent,
  tendRetention,
  timersCancelled,
  timersWoken,
  timerSet,
  type CloudEvent,
  type TimerSet,
  type TimersWoken,
} from '@carillon/contracts';
import { startTestService, testBroker, testDatabase, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { migrations } from '../../migrations/index.ts';
import { inMs, timerDue, timerRow, untilState } from '../../testing/timers.ts';
import { service } from '../service.ts';

const tenant = 'studio';
const woken: TimersWoken['woken'] = { by: 'a move', at: '2030-01-01T09:00:00Z' };

describe('timers with a key', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  let scheduler: TestService;
  let street: CloudEvent<{ woken?: object }>[];
  let keys = 0;

  beforeAll(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    street = (await broker.capture(dueEvent)) as never;
    scheduler = await startTestService(service, {}, { database, broker });
  });
  afterAll(async () => {
    await scheduler?.close();
    await broker?.close();
    await database?.drop();
  });

  const freshKey = () => `lesson#0:${++keys}`;
  async function set(key: string, since: number, changes: Partial<TimerSet> = {}): Promise<TimerSet> {
    const timer = timerDue(inMs(3_600_000), { key, since, ...changes });
    await scheduler.messages.publish(timerSet, timer, { tenant, id: timer.timer_id });
    await until('it is set', () => timerRow(database, timer));
    return timer;
  }
  const cancel = (key: string, at: number, of = tenant) =>
    scheduler.messages.publish(timersCancelled, { key, at }, { tenant: of, id: `cancel-${key}-${at}` });
  const wake = (said: Omit<TimersWoken, 'woken'>) =>
    scheduler.messages.publish(timersWoken, { ...said, woken }, { tenant, id: `wake-${said.key}-${said.recipient}` });
  const remembered = (key: string) =>
    until(
      'it is remembered',
      async () => (await database.query('SELECT * FROM scheduler.timer_keys WHERE key = $1', [key])).length === 1,
    );
  const heardOf = ({ timer_id }: TimerSet) => street.filter(({ timer }) => timer === timer_id);

  it('are cancelled together, those of later events are not', async () => {
    const key = freshKey();
    const [first, second, later] = await Promise.all([set(key, 1_000), set(key, 2_000), set(key, 2_001)]);
    await cancel(key, 2_000);
    await Promise.all([untilState(database, first, 'cancelled'), untilState(database, second, 'cancelled')]);
    expect(await timerRow(database, later)).toMatchObject({ state: 'pending' });
  });

  it('are cancelled even when they are set only afterwards', async () => {
    const key = freshKey();
    await cancel(key, 2_000);
    await remembered(key);
    const [late, newer] = await Promise.all([set(key, 1_500), set(key, 2_500)]);
    await untilState(database, late, 'cancelled');
    expect(await timerRow(database, newer)).toMatchObject({ state: 'pending' });
  });

  it('of another tenant or another key stay', async () => {
    const key = freshKey();
    const timer = await set(key, 1_000);
    await cancel(key, 2_000, 'elsewhere');
    await cancel(freshKey(), 2_000);
    await until(
      'both are worked off',
      async () => (await database.query('SELECT * FROM scheduler.timer_keys WHERE cancelled_at = 2000')).length >= 2,
    );
    expect(await timerRow(database, timer)).toMatchObject({ state: 'pending' });
  });

  it('that are woken come at once, with what they are told, and are not woken again by the same', async () => {
    const key = freshKey();
    const timer = await set(key, 1_000);
    await wake({ key, at: 2_000 });
    const [message] = await until('it comes', () => heardOf(timer).length > 0 && heardOf(timer));
    expect(message!.data.woken).toEqual(woken);
    // Planned anew it goes back to the event that moved it.
    const anew = await set(key, 2_000);
    const overtaken = await set(key, 1_999);
    await until('the one that was overtaken comes', () => heardOf(overtaken).length === 1);
    expect(heardOf(overtaken)[0]!.data.woken).toEqual(woken);
    expect(await timerRow(database, anew)).toMatchObject({ state: 'pending' });
  });

  it('are looked up for thirty days, then what was said of a key is forgotten', async () => {
    const [old, young] = [freshKey(), freshKey()];
    await cancel(old, 2_000);
    await cancel(young, 2_000);
    await Promise.all([remembered(old), remembered(young)]);
    await database.query(`UPDATE scheduler.timer_keys SET changed_at = now() - interval '31 days' WHERE key = $1`, [
      old,
    ]);
    await scheduler.messages.call(tendRetention, {
      service: 'scheduler',
      tenant: null,
      plan: { leftovers: { days: 90, by_tenant: {} } },
      dry_run: false,
      seconds: 30,
    });
    const left = await database.query<{ key: string }>('SELECT key FROM scheduler.timer_keys');
    expect(left.map(({ key }) => key)).toContain(young);
    expect(left.map(({ key }) => key)).not.toContain(old);
  });

  it('follow the clocks of their recipient where they say so', async () => {
    const message = { ...timerSet.example.message, data: { type: 'welcome', recipients: ['kim'] } };
    const follows = await set(freshKey(), 1_000, { message, follows_zone: true });
    const stays = await set(freshKey(), 1_000, { message });
    await wake({ recipient: 'kim', at: 5_000 });
    await until('it comes', () => heardOf(follows).length === 1);
    expect(await timerRow(database, stays)).toMatchObject({ state: 'pending' });
  });
});
