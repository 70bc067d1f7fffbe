import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deadLetter, domainEvent, dueEvent, timerSet, type CloudEvent, type TimerSet } from '@carillon/contracts';
import { cuttableProxy, startTestService, testBroker, testDatabase, until } from '@carillon/testing';
import type { TestBroker, TestDatabase, TestService } from '@carillon/testing';
import { inMs, putTimers, timerDue, timerRow, untilState } from '../../testing/timers.ts';
import { migrations } from '../../migrations/index.ts';
import { service } from '../service.ts';

describe('firing timers', () => {
  let database: TestDatabase;
  let broker: TestBroker;
  /** What came back onto the street. */
  let street: CloudEvent[];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    database = await testDatabase({ scheduler: migrations });
    broker = await testBroker();
    street = await broker.capture(dueEvent);
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await broker.close();
    await database.drop();
  });

  async function startReplica(env: Record<string, string> = {}): Promise<TestService> {
    const replica = await startTestService(service, env, { database, broker });
    cleanups.push(() => replica.close());
    return replica;
  }
  const set = ({ messages }: TestService, timer: TimerSet) =>
    messages.publish(timerSet, timer, { tenant: 'default', id: timer.timer_id });
  const firedOf = ({ timer_id }: TimerSet) => street.filter(({ timer }) => timer === timer_id);
  const stateCounts = () =>
    database.query('SELECT state, count(*)::int AS count FROM scheduler.timers GROUP BY state ORDER BY state');

  it('puts the message back as it was, with the timer’s id, at its time and not before', async () => {
    const replica = await startReplica();
    const timer = timerDue(inMs(1500));
    await set(replica, timer);

    const row = await untilState(database, timer, 'fired');
    const late = row.fired_at!.getTime() - row.due_at.getTime();
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1000);
    await until('the message', () => firedOf(timer).length === 1);
    expect(street).toEqual([{ ...timer.message, timer: timer.timer_id }]);
  });

  it('keeps every one of many times to the second, also those that were set through another replica', async () => {
    await startReplica();
    const timers = Array.from({ length: 40 }, (_, n) => timerDue(inMs(500 + n * 50)));
    await putTimers(database, timers);
    await until('all have fired', () => street.length === timers.length);
    await until('all are marked', async () => (await stateCounts())[0]?.state === 'fired');
    const [{ early, late }] = (await database.query<{ early: number; late: number }>(
      `SELECT min(extract(epoch FROM fired_at - due_at))::float8 AS early, max(extract(epoch FROM fired_at - due_at))::float8 AS late
         FROM scheduler.timers`,
    )) as [{ early: number; late: number }];
    expect(early).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(1);
  });

  it('lets an urgent one go before all others that are due, and by the front door', async () => {
    const frontDoor = await broker.capture(domainEvent);
    const urgent = timerDue(inMs(-1_000), { urgent: true });
    const others = Array.from({ length: 1_200 }, () => timerDue(inMs(-60_000)));
    await putTimers(database, [...others, urgent]);
    await startReplica();
    await until('all have fired', () => street.length === others.length);
    expect(frontDoor.map(({ timer }) => timer)).toEqual([urgent.timer_id]);
    await until('all are marked', async () => (await stateCounts()).length === 1);
    const [{ before }] = (await database.query<{ before: number }>(
      `SELECT count(*)::int AS before FROM scheduler.timers
        WHERE fired_at < (SELECT fired_at FROM scheduler.timers WHERE timer_id = $1)`,
      [urgent.timer_id],
    )) as [{ before: number }];
    expect(before).toBe(0);
  });

  it('fires no more than preferences takes: what it has no room for stays a timer, but for what is urgent', async () => {
    // Nobody consumes here, so what has fired stays in the queue.
    await putTimers(
      database,
      Array.from({ length: 2_600 }, () => timerDue(inMs(-1_000))),
    );
    const replica = await startReplica();
    const counts = async () => Object.fromEntries((await stateCounts()).map(({ state, count }) => [state, count]));
    await until('the queue is full', async () => (await counts()).fired === 1_500);
    const late = timerDue(inMs(-1_000), { urgent: true });
    await set(replica, late);
    await untilState(database, late, 'fired');
    expect(await counts()).toEqual({ fired: 1_501, pending: 1_100 });
    await broker.channel.purgeQueue(broker.names.queues('preferences', dueEvent)[0]!.queue);
    await until('there is room for all', async () => (await counts()).fired === 2_601);
  });

  it('fires a timer of the past at once', async () => {
    const replica = await startReplica();
    const timer = timerDue(inMs(-60_000));
    await set(replica, timer);
    await untilState(database, timer, 'fired');
  });

  it('fires each of a thousand timers once with two replicas side by side', async () => {
    await Promise.all([startReplica(), startReplica()]);
    const due = inMs(700);
    const timers = Array.from({ length: 1000 }, () => timerDue(due));
    await putTimers(database, timers);

    await until('all are marked', async () => (await stateCounts()).every(({ state }) => state === 'fired'));
    await until('all messages are here', () => street.length >= timers.length);
    expect(street.map(({ timer }) => timer).sort()).toEqual(timers.map(({ timer_id }) => timer_id).sort());
  });

  it('changes nothing when the same timer is set twice, before or after it fired', async () => {
    const replica = await startReplica();
    const timer = timerDue(inMs(600));
    await set(replica, timer);
    const before = await untilState(database, timer, 'pending');
    await set(replica, { ...timer, due_at: inMs(60_000).toISOString() });
    const fired = await untilState(database, timer, 'fired');
    expect(fired.due_at).toEqual(before.due_at);

    await set(replica, timer);
    const next = timerDue(inMs(0)); // travels in the same queue, so what came before it has been dealt with
    await set(replica, next);
    await until('the next one', () => firedOf(next).length === 1);
    expect(firedOf(timer)).toHaveLength(1);
    expect(await timerRow(database, timer)).toEqual(fired);
  });

  it('lets a timer lapse whose deadline has passed', async () => {
    const replica = await startReplica();
    const lapsed = timerDue(inMs(-2000), { expires_at: inMs(-1000).toISOString() });
    const valid = timerDue(inMs(-2000), { expires_at: inMs(60_000).toISOString() });
    await set(replica, lapsed);
    await set(replica, valid);
    expect((await untilState(database, lapsed, 'expired')).fired_at).toBeNull();
    await untilState(database, valid, 'fired');
    await until('the valid one', () => street.length > 0);
    expect(firedOf(lapsed)).toEqual([]);
  });

  it('takes over from a replica that died between claim and mark, but only when its claim has lapsed', async () => {
    const lapses = inMs(1500);
    const timer = timerDue(inMs(-5000));
    await putTimers(database, [timer], lapses);
    await startReplica();
    const { fired_at } = await untilState(database, timer, 'fired');
    expect(fired_at!.getTime()).toBeGreaterThanOrEqual(lapses.getTime());
    await until('the message', () => firedOf(timer).length === 1);
  });

  it('fires what became due while the broker was away, once it is back', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const replica = await startReplica({ AMQP_URL: proxy.url });
    proxy.cut();
    const ready = async () => (await fetch(`${replica.running.url}/health/ready`)).status;
    await until('the replica knows', async () => (await ready()) === 503);
    const timers = Array.from({ length: 20 }, () => timerDue(inMs(-1)));
    await putTimers(database, timers);
    // Two ticks pass over them meanwhile.
    await until('they are overdue', () => Date.now() > Date.parse(timers[0]!.due_at) + 2500);
    expect(await stateCounts()).toEqual([{ state: 'pending', count: 20 }]);

    proxy.restore();
    await until('they fired', async () => (await stateCounts())[0]?.state === 'fired');
    expect(new Set(street.map(({ timer }) => timer)).size).toBe(20);
    expect(street).toHaveLength(20);
  });

  it('survives a broker that goes away in the middle of a thousand', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    await startReplica({ AMQP_URL: proxy.url });
    const timers = Array.from({ length: 1000 }, () => timerDue(inMs(-1)));
    await putTimers(database, timers);
    await until('some are out', () => street.length > 0, { everyMs: 1 });
    proxy.cut();
    proxy.restore();
    await until('all are marked', async () => (await stateCounts()).every(({ state }) => state === 'fired'));
    // What the cut left unconfirmed is published again: the same event, which deduplication absorbs.
    const fired = new Map(street.map((event) => [event.timer, event]));
    expect(fired.size).toBe(1000);
    for (const event of street) expect(event).toEqual(fired.get(event.timer));
  });

  it('fires what became due while the database was away, once it is back', async () => {
    const proxy = await cuttableProxy(database.url('scheduler'));
    cleanups.push(() => proxy.close());
    const replica = await startReplica({ DATABASE_URL: proxy.url });
    proxy.cut();
    const timer = timerDue(inMs(0));
    await set(replica, timer);
    const later = timerDue(inMs(0));
    await putTimers(database, [later]);
    const ready = async () => (await fetch(`${replica.running.url}/health/ready`)).status;
    await until('the replica knows', async () => (await ready()) === 503);
    proxy.restore();
    await untilState(database, timer, 'fired');
    await untilState(database, later, 'fired');
  });

  it('leaves nothing claimed behind when it is stopped in the middle of its work', async () => {
    const replica = await startReplica();
    const timers = Array.from({ length: 2000 }, () => timerDue(inMs(-1)));
    await putTimers(database, timers);
    await until('it is at work', () => street.length > 0, { everyMs: 1 });
    await replica.running.close();

    const claimed = await database.query(`SELECT timer_id FROM scheduler.timers WHERE claimed_until IS NOT NULL`);
    expect(claimed).toEqual([]);
    const fired = await database.query<{ timer_id: string }>(
      `SELECT timer_id FROM scheduler.timers WHERE state = 'fired'`,
    );
    await until('the last messages', () => street.length >= fired.length);
    expect(street.map(({ timer }) => timer).sort()).toEqual(fired.map(({ timer_id }) => timer_id).sort());
  });

  it('parks a timer that cannot be set, naming the field, and sets the others', async () => {
    const parked = await broker.capture(deadLetter);
    const replica = await startReplica();
    const wrong = timerDue(inMs(0), { due_at: 'tomorrow' });
    const right = timerDue(inMs(0));
    await Promise.all([set(replica, wrong), set(replica, right)]);
    await untilState(database, right, 'fired');
    const letter = await until('the dead letter', () => parked[0]);
    expect(letter.data.error).toMatch(/due_at: must be an RFC 3339 time with a zone/);
  });
});
