import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  dryRunEvent,
  getDecision,
  notificationDeferred,
  notificationRouted,
  putCatalog,
  putRecipient,
  setPreferences,
  timerSet,
  type ChannelDecision,
  type CloudEvent,
  type NotificationDeferred,
  type NotificationRouted,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'school';
/** One in which the quiet hours below, in which the daily hour is, are not now. Neither changes its clocks. */
const timeZone = [2, 3, 4, 5, 6].includes(new Date().getUTCHours()) ? 'America/Bogota' : 'Africa/Nairobi';
const quietHours = { start: '06:00', end: '09:00' };
const localTime = (at: string) =>
  new Date(at).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });

/** What the decision says is done: throttles that count, timers that bring deferred channels back. */
describe('decisions on their way', () => {
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let timers: CloudEvent<TimerSet>[];

  beforeAll(async () => {
    test = await startTestService(service);
    routed = await test.broker.capture(notificationRouted);
    timers = await test.broker.capture(timerSet);
    for (const id of ['amina', 'bo', 'cleo', 'dan']) {
      const recipient = { name: id, email: `${id}@example.org`, time_zone: timeZone };
      await test.messages.call(putRecipient, { tenant, id, recipient });
    }
    const document = {
      categories: { lessons: {} },
      types: {
        new_message: { category: 'lessons', channels: ['in_app', 'email'], throttle: { max: 2, per: '1h' } },
        lesson_scheduled: { category: 'lessons', channels: ['in_app', 'email'], frequency: 'daily' },
      },
      defaults: { quiet_hours: quietHours },
    };
    const text = JSON.stringify(document);
    await test.messages.call(putCatalog, {
      tenant,
      document,
      text,
      format: 'json',
      dry_run: false,
      applied_by: 'test',
    });
  });

  afterAll(() => test.close());

  const publish = (id: string, type: string, recipient: string, data: object = {}) =>
    test.broker.publish('events', type, {
      specversion: '1.0',
      id,
      source: '/school',
      type,
      tenant,
      data: { recipient_id: recipient, ...data },
    });
  const decisionsOf = async (type: string, recipient: string): Promise<{ id: string; channels: ChannelDecision[] }[]> =>
    test.database.query(
      'SELECT id, channels FROM preferences.notifications WHERE tenant = $1 AND type = $2 AND recipient = $3 ORDER BY id',
      [tenant, type, recipient],
    );
  const rulesOf = ({ channels }: { channels: ChannelDecision[] }) =>
    channels.map(({ channel, outcome, rule }) => `${channel} ${outcome} ${rule}`);
  const routedTo = (type: string, recipient: string) =>
    routed.filter(({ data }) => data.type === type && data.recipient.id === recipient);
  const waitingFor = (rule: NotificationDeferred['rule'], recipient: string) =>
    until(`a timer for ${rule}`, () =>
      timers.find(({ data }) => {
        const deferred = data.message.data as NotificationDeferred;
        return deferred.rule === rule && deferred.recipient === recipient;
      }),
    );
  const ring = ({ data }: CloudEvent<TimerSet>) =>
    test.broker.publish('events', data.routing_key, { ...data.message, timer: data.timer_id });

  it('let as many pass as a throttle says, to each recipient, and record why the others did not', async () => {
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'dan',
      mode: 'replace',
      preferences: { channels: { in_app: false, email: false } },
    });
    for (let n = 0; n < 6; n++)
      for (const recipient of ['amina', 'bo', 'dan']) publish(`${recipient}-${n}`, 'new_message', recipient);
    for (const recipient of ['amina', 'bo']) {
      const decisions = await until('all are decided', async () => {
        const found = await decisionsOf('new_message', recipient);
        return found.length === 6 && found;
      });
      const throttled = decisions.filter(({ channels }) => channels.every(({ rule }) => rule === 'throttled'));
      expect(throttled).toHaveLength(4);
      expect(throttled[0]!.channels[0]).toMatchObject({
        outcome: 'drop',
        reason: `${recipient} gets at most 2 of new_message in 3600 s`,
        inputs: { throttle: { max: 2, window_ms: 3_600_000 } },
      });
      await until('the others are routed', () => routedTo('new_message', recipient).length === 2);
    }
    // What is dropped anyway is not counted.
    await until('dan’s are decided', async () => (await decisionsOf('new_message', 'dan')).length === 6);
    expect(await test.database.query(`SELECT 1 FROM preferences.throttles WHERE recipient = 'dan'`)).toEqual([]);

    // All come a second time: those that have passed pass again, and no others.
    for (let n = 0; n < 6; n++) publish(`amina-${n}`, 'new_message', 'amina');
    await until('the two are routed again', () => routedTo('new_message', 'amina').length === 4);
    expect(new Set(routedTo('new_message', 'amina').map(({ data }) => data.notification_id)).size).toBe(2);
    expect(await decisionsOf('new_message', 'amina')).toHaveLength(6);
  });

  it('say in a dry run what the throttle would, and use none of it up', async () => {
    const ask = (recipient: string) =>
      test.messages.call(dryRunEvent, { tenant, event: { type: 'new_message', recipients: [recipient] } });
    for (let n = 0; n < 3; n++) {
      const { notifications } = await ask('cleo');
      expect(notifications[0]!.channels.map(({ rule }) => rule)).not.toContain('throttled');
    }
    expect(rulesOf((await ask('amina')).notifications[0]!)).toEqual(['in_app drop throttled', 'email drop throttled']);
  });

  it('send what is daily to the inbox at once, and let the renderer say what its digest shows', async () => {
    publish('lesson', 'lesson_scheduled', 'cleo');
    const [routed] = await until('it is routed', () => {
      const found = routedTo('lesson_scheduled', 'cleo');
      return found.length > 0 && found;
    });
    expect(routed!.data.deliveries.map(({ channel }) => channel)).toEqual(['in_app']);
    const [digest] = routed!.data.digests!;
    expect(localTime(digest!.until)).toBe('08:00');
    expect(digest).toMatchObject({ channel: 'email', window: { frequency: 'daily', time_zone: timeZone } });
    const decision = await test.messages.call(getDecision, { tenant, notification_id: routed!.data.notification_id });
    expect(rulesOf(decision)).toEqual(['in_app send catalog_default', 'email digest frequency']);
  });

  it('bring what an earlier version has wait for its hour out alone, after quiet hours', async () => {
    publish('earlier', 'lesson_scheduled', 'bo');
    const [{ data }] = (await until('it is routed', () => {
      const found = routedTo('lesson_scheduled', 'bo');
      return found.length > 0 && found;
    })) as [CloudEvent<NotificationRouted>];
    const { until: due } = data.digests![0]!;
    await test.database.query(
      `UPDATE preferences.notifications SET channels = replace(channels::text, '"digest"', '"defer"')::jsonb WHERE id = $1`,
      [data.notification_id],
    );
    const deferred: NotificationDeferred = {
      event: data.event,
      type: data.type,
      recipient: 'bo',
      channels: ['email'],
      until: due,
      rule: 'frequency',
      request: { type: data.type, recipients: ['bo'], data: {} },
    };
    const message = {
      specversion: '1.0' as const,
      id: 'earlier',
      source: '/x',
      type: notificationDeferred.type,
      tenant,
    };
    test.broker.publish('events', notificationDeferred.key, { ...message, timer: 'earlier', data: deferred });
    const quiet = await waitingFor('quiet_hours', 'bo');
    expect(Date.parse(quiet.data.due_at) - Date.parse(due)).toBe(3_600_000);
    expect(localTime(quiet.data.due_at)).toBe(quietHours.end);
    ring(quiet);
    await until('the email follows', () => routedTo('lesson_scheduled', 'bo').length === 2);
    const decision = await test.messages.call(getDecision, { tenant, notification_id: data.notification_id });
    expect(rulesOf(decision)).toEqual(['in_app send catalog_default', 'email send catalog_default']);
    expect(decision.channels[1]!.inputs).toMatchObject({ frequency: 'daily', waited: 'quiet_hours' });
  });
});
