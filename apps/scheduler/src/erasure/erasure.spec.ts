import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  eventRequested,
  notificationDeferred,
  personalData,
  recipientErased,
  timerSet,
  type CloudEvent,
  type KeptTimer,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, unique, until, type TestService } from '@carillon/testing';
import { inMs, timerDue, timerRow, untilState, type TimerRow } from '../../testing/timers.ts';
import { service } from '../service.ts';

describe('the timers of a person', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service);
  });
  afterAll(() => test.close());

  const someone = (): string => `recipient-${unique()}`;
  const hour = 3_600_000;
  const request = (recipients: string[]) => ({ ...eventRequested.example, recipients });
  /** A timer for a request that names these people. */
  const requested = (...recipients: string[]): TimerSet => {
    const timer = timerDue(inMs(hour));
    return { ...timer, message: { ...timer.message, data: request(recipients) } };
  };
  /** A timer for one person's notification of a request that named these people. */
  const deferred = (recipient: string, ...recipients: string[]): TimerSet => {
    const timer = timerDue(inMs(hour));
    const data = { ...notificationDeferred.example, recipient, request: request(recipients) };
    return { ...timer, message: { ...timer.message, type: notificationDeferred.type, data } };
  };
  async function set(timers: TimerSet[], tenant = 'school'): Promise<void> {
    await Promise.all(timers.map((timer) => test.messages.publish(timerSet, timer, { tenant, id: timer.timer_id })));
    for (const timer of timers) await untilState(test.database, timer, 'pending');
  }
  const publishErasure = (recipient: string, erased_at = new Date().toISOString()) =>
    test.messages.publish(recipientErased, { recipient, erased_at }, { id: unique(), tenant: 'school' });
  const heard = (recipient: string) =>
    until(
      'the tombstone is there',
      async () =>
        (await test.database.query('SELECT FROM scheduler.erased_recipients WHERE recipient = $1', [recipient]))
          .length > 0,
    );
  const gone = (timer: TimerSet) =>
    until('the timer is gone', async () => (await timerRow(test.database, timer)) === undefined);
  const kept = async (timer: TimerSet): Promise<CloudEvent> => (await timerRow(test.database, timer))!.message;

  it('go with the person where they are about nobody else', async () => {
    const [erased, other] = [someone(), someone()];
    const about = [requested(erased), deferred(erased, erased, other)];
    const others = [requested(other), deferred(other, other)];
    const foreign = requested(erased);
    await set([...about, ...others]);
    await set([foreign], 'shop');
    await publishErasure(erased);
    for (const timer of about) await gone(timer);
    for (const timer of [...others, foreign]) expect(await kept(timer)).toEqual(timer.message);
  });

  it('stay for the others whom they name, without the person', async () => {
    const [erased, other] = [someone(), someone()];
    const [several, ofAnother] = [requested(other, erased), deferred(other, erased, other)];
    await set([several, ofAnother]);
    await publishErasure(erased);
    await until('nobody names them', async () => !JSON.stringify(await kept(ofAnother)).includes(erased));
    expect(await kept(several)).toEqual({ ...several.message, data: request([other]) });
    expect(await kept(ofAnother)).toMatchObject({ data: { recipient: other, request: { recipients: [other] } } });
    await publishErasure(other);
    await gone(several);
    await gone(ofAnother);
  });

  it('do not come back with what was still on its way; what is newer stays', async () => {
    const [erased, other] = [someone(), someone()];
    const [late, lateForTwo] = [requested(erased), requested(erased, other)];
    await publishErasure(erased);
    await heard(erased);
    const newer = await until('a later millisecond', () => {
      const timer = requested(erased);
      return timer.timer_id.slice(0, 13) > lateForTwo.timer_id.slice(0, 13) && timer;
    });
    await set([newer]);
    // The same queue: once the last one is there, the others have been dealt with.
    await Promise.all(
      [late, lateForTwo].map((timer) =>
        test.messages.publish(timerSet, timer, { tenant: 'school', id: timer.timer_id }),
      ),
    );
    const last = requested(other);
    await set([last]);
    await until('they are taken out', async () => !JSON.stringify(await kept(lateForTwo)).includes(erased));
    await gone(late);
    expect(await kept(newer)).toEqual(newer.message);
  });

  it('are found also where they were set before anybody looked whom they are about', async () => {
    const [erased, other] = [someone(), someone()];
    const [about, others] = [requested(erased), requested(other)];
    await set([about, others]);
    await test.database.query('UPDATE scheduler.timers SET recipients = NULL WHERE timer_id = ANY($1)', [
      [about.timer_id, others.timer_id],
    ]);
    expect((await exported(erased)).map(({ timer_id }) => timer_id)).toEqual([about.timer_id]);
    await publishErasure(erased);
    await gone(about);
    expect(await kept(others)).toEqual(others.message);
  });

  it('keep no message once they have fired', async () => {
    const timer = timerDue(inMs(-1));
    await test.messages.publish(timerSet, timer, { tenant: 'school', id: timer.timer_id });
    const row: TimerRow = await untilState(test.database, timer, 'fired');
    expect(row.message).toBeNull();
  });

  it('can be told before, page by page, without the other people in them', async () => {
    const [person, other] = [someone(), someone()];
    const timers = [requested(person), requested(other, person), deferred(other, person, other)];
    await set([...timers, requested(other)]);
    await set([requested(person)], 'shop');
    const rows = await exported(person);
    expect(rows.map(({ timer_id }) => timer_id)).toEqual(
      timers
        .map(({ timer_id }) => timer_id)
        .sort()
        .reverse(),
    );
    const several = rows.find(({ timer_id }) => timer_id === timers[1]!.timer_id)!;
    expect(several).toEqual({
      timer_id: timers[1]!.timer_id,
      due_at: timers[1]!.due_at,
      expires_at: null,
      created_at: expect.any(String),
      message: { ...timers[1]!.message, data: request([person]) },
    });
  });

  async function exported(recipient: string): Promise<KeptTimer[]> {
    const rows: KeptTimer[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const {
        section,
        rows: page,
        next,
      } = await test.messages.call(personalData, {
        tenant: 'school',
        recipient,
        service: 'scheduler',
        cursor: cursor ?? null,
        limit: 2,
      });
      // After the timers comes what waits in digests, which their own tests look at.
      if (section === 'timers') rows.push(...(page as unknown as KeptTimer[]));
      cursor = next;
    }
    return rows;
  }
});
