import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  cancelEvent,
  eventCancelled,
  eventId,
  eventRequested,
  freshId,
  getDecision,
  getEvent,
  notificationId,
  notificationRouted,
  putRecipient,
  timerSet,
  type CloudEvent,
  type EventCancelled,
  type EventRequest,
  type NotificationRouted,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'default';

describe('An event that is cancelled', () => {
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let timers: CloudEvent<TimerSet>[];
  let told: CloudEvent<EventCancelled>[];

  beforeAll(async () => {
    test = await startTestService(service);
    routed = await test.broker.capture(notificationRouted);
    timers = await test.broker.capture(timerSet);
    told = await test.broker.capture(eventCancelled);
    await test.messages.call(putRecipient, { tenant, id: 'amina', recipient: { name: 'Amina' } });
  });
  afterAll(() => test?.close());

  /** Publishes a request; answers with the id that its record has. */
  async function request(changes: Partial<EventRequest> = {}): Promise<string> {
    const at = Date.now();
    const id = freshId(at);
    const event = { recipients: ['amina'], content: { title: 'A', message: 'B' }, ...changes };
    await test.messages.publish(eventRequested, event, { id, tenant, time: new Date(at).toISOString() });
    const [{ id: recorded }] = await until('it is recorded', async () => {
      const rows = await test.database.query<{ id: string }>(
        'SELECT id FROM preferences.events WHERE cloud_event_id = $1',
        [id],
      );
      return rows.length > 0 && (rows as [{ id: string }]);
    });
    expect(recorded).toBe(eventId(at, tenant, test.messages.source, id));
    return recorded;
  }
  const cancel = (id: string, of = tenant) => test.messages.call(cancelEvent, { tenant: of, id, by: 'somebody' });
  const routedOf = (id: string) => routed.filter(({ data }) => data.event.id === id);
  /** Whatever was published before this has been dealt with. */
  async function passed(): Promise<void> {
    const id = await request();
    await until('a later one is routed', () => routedOf(id).length === 1);
  }

  it('before its time is told of, and does nothing when a timer brings it all the same', async () => {
    const id = await request({ send_at: new Date(Date.now() + 3_600_000).toISOString() });
    const timer = await until('its timer is set', () => timers.find(({ data }) => data.event_id === id));
    const first = await cancel(id);
    expect(first).toMatchObject({ id, decided: {}, fan_outs: 0 });
    expect(await cancel(id)).toEqual(first);
    await until('everybody is told', () => told.some(({ data }) => data.event_id === id));
    expect(told.find(({ data }) => data.event_id === id)!.data.cancelled_at).toBe(first.cancelled_at);

    const back = { ...timer.data.message, timer: timer.data.timer_id };
    test.broker.publish('due', timer.data.routing_key, back);
    await passed();
    expect(routedOf(id)).toEqual([]);
    expect(await test.messages.call(getEvent, { tenant, id })).toMatchObject({
      status: 'cancelled',
      cancelled_at: first.cancelled_at,
      cancelled_by: 'somebody',
      notifications: 0,
    });
  });

  it('after it was decided says so in the decision, and a repetition sends nothing again', async () => {
    const id = await request();
    const [event] = await until('it is routed', () => routedOf(id).length === 1 && routedOf(id));
    const { cancelled_at, decided } = await cancel(id);
    expect(decided).toEqual({ in_app: 1 });
    const notification_id = notificationId(id, 'ad_hoc', 'amina');
    expect(event!.data.notification_id).toBe(notification_id);
    expect(await test.messages.call(getDecision, { tenant, notification_id })).toMatchObject({ cancelled_at });
    const [{ cloud_event_id }] = await test.database.query(
      'SELECT cloud_event_id FROM preferences.events WHERE id = $1',
      [id],
    );
    await test.messages.publish(
      eventRequested,
      { recipients: ['amina'], content: { title: 'A', message: 'B' } },
      { id: cloud_event_id, tenant },
    );
    await passed();
    expect(routedOf(id)).toHaveLength(1);
  });

  it('goes to no audience any more, whether its fan-out had begun or not', async () => {
    const id = await request({ recipients: undefined, audience: { role: 'nobody-has-it' } });
    await cancel(id);
    const [{ unfinished }] = await test.database.query(
      'SELECT count(*)::int AS unfinished FROM preferences.fan_outs WHERE event_id = $1 AND finished_at IS NULL',
      [id],
    );
    expect(unfinished).toBe(0);
    expect(await test.messages.call(getEvent, { tenant, id })).toMatchObject({ status: 'cancelled' });
  });

  it('that is unknown, or another tenant’s, is not found', async () => {
    await expect(cancel(freshId())).rejects.toMatchObject({ status: 404 });
    const id = await request();
    await expect(cancel(id, 'elsewhere')).rejects.toMatchObject({ status: 404 });
    expect(await test.messages.call(getEvent, { tenant, id })).toMatchObject({ cancelled_at: null });
  });
});
