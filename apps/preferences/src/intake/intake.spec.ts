import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  checkEvent,
  deadLetter,
  eventRequested,
  freshId,
  getDecision,
  getEvent,
  notificationDeferred,
  notificationRouted,
  putRecipient,
  setPreferences,
  timerSet,
  type CloudEvent,
  type DeadLetter,
  type EventRequest,
  type NotificationRouted,
  type QuietHours,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

describe('the front door', () => {
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let parked: CloudEvent<DeadLetter>[];
  let timers: CloudEvent<TimerSet>[];
  const tenant = 'default';

  beforeAll(async () => {
    test = await startTestService(service);
    routed = await test.broker.capture(notificationRouted);
    parked = await test.broker.capture(deadLetter);
    timers = await test.broker.capture(timerSet);
    await person('amina', { email: 'amina@example.org', phone: '+254 711 000 111' });
    await person('bo', {});
  });

  afterAll(() => test.close());

  const person = (id: string, recipient: object) =>
    test.messages.call(putRecipient, { tenant, id, recipient: { name: id, ...recipient } });
  const domainEvent = (id: string, type: string, data: unknown, more: object = {}) => ({
    specversion: '1.0',
    id,
    source: '/finance',
    type,
    data,
    ...more,
  });
  const invoice = {
    recipient_id: 'amina',
    invoice_number: 'INV-1',
    amount: 10,
    currency: 'KES',
    due_date: '2026-12-01',
  };
  const routedFor = (cloudEventData: string) =>
    routed.filter(({ data }) => data.data.invoice_number === cloudEventData);

  it('turns a domain event of any AMQP client into a notification with a delivery per channel', async () => {
    test.broker.publish('events', 'invoice.issued', domainEvent('e1', 'invoice.issued', invoice));
    const [event] = await until('it is routed', () => routedFor('INV-1').length > 0 && routedFor('INV-1'));
    expect(event).toMatchObject({ type: notificationRouted.type, tenant, subject: 'amina' });
    expect(event!.data).toMatchObject({
      type: 'invoice_issued',
      category: 'billing',
      lane: 'normal',
      event: { type: 'invoice.issued', source: '/finance' },
      recipient: { id: 'amina', name: 'amina', locale: 'en', time_zone: 'UTC' },
      data: invoice,
    });
    expect(event!.data.deliveries.map(({ channel, address }) => [channel, address])).toEqual([
      ['in_app', 'amina'],
      ['email', 'amina@example.org'],
      ['sms', '+254711000111'],
    ]);
    const decision = await test.messages.call(getDecision, { tenant, notification_id: event!.data.notification_id });
    expect(decision.channels.map(({ outcome, rule }) => [outcome, rule])).toEqual([
      ['send', 'catalog_default'],
      ['send', 'catalog_default'],
      ['send', 'catalog_default'],
    ]);
    expect(await test.messages.call(getEvent, { tenant, id: event!.data.event.id })).toMatchObject({
      status: 'decided',
      deduplicated: true,
      notifications: 1,
      deliveries: { in_app: 1, email: 1, sms: 1 },
    });
  });

  it('answers a repeated event with the same ids and the first decision, even after the address changed', async () => {
    const event = domainEvent('e2', 'invoice.issued', { ...invoice, invoice_number: 'INV-2' });
    test.broker.publish('events', 'invoice.issued', event);
    await until('the first is routed', () => routedFor('INV-2').length === 1);
    await person('amina', { email: 'new@example.org', phone: '+254711000111' });
    test.broker.publish('events', 'invoice.issued', event);
    await until('the repetition is routed', () => routedFor('INV-2').length === 2);
    await person('amina', { email: 'amina@example.org', phone: '+254711000111' });
    const [first, second] = routedFor('INV-2');
    expect(second!.data.notification_id).toBe(first!.data.notification_id);
    expect(second!.data.deliveries).toEqual(first!.data.deliveries);
  });

  it('takes plain JSON, binary mode and batches', async () => {
    const data = (number: string) => ({ ...invoice, invoice_number: number });
    test.broker.publish('events', 'invoice.issued', data('plain'));
    test.broker.publish('events', 'anything', data('binary'), {
      contentType: 'application/json',
      headers: {
        'cloudEvents:specversion': '1.0',
        'cloudEvents:id': 'b1',
        'cloudEvents:source': '/finance',
        'cloudEvents:type': 'invoice.issued',
      },
    });
    test.broker.publish(
      'events',
      'anything',
      [1, 2].map((n) => domainEvent(`batch-${n}`, 'invoice.issued', data(`batch-${n}`))),
      {
        contentType: 'application/cloudevents-batch+json',
      },
    );
    for (const number of ['plain', 'binary', 'batch-1', 'batch-2'])
      await until(`${number} is routed`, () => routedFor(number).length === 1);
    const plain = routedFor('plain')[0]!.data;
    expect(await test.messages.call(getEvent, { tenant, id: plain.event.id })).toMatchObject({ deduplicated: false });
  });

  it('parks what it cannot work with and names the reason', async () => {
    const cases: [string, unknown, string][] = [
      ['bad.json', '{"specversion":"1.0",', 'the body is not JSON'],
      ['no.id', { specversion: '1.0', source: '/f', type: 'invoice.issued' }, 'not a valid CloudEvent 1.0: id'],
      [
        'bad.version',
        { specversion: '0.3', id: '1', source: '/f', type: 'invoice.issued' },
        'specversion must be "1.0"',
      ],
      ['unknown.type', domainEvent('p1', 'unknown.type', invoice), '"unknown.type" is not in the catalog'],
      [
        'unknown.recipient',
        domainEvent('p2', 'invoice.issued', { ...invoice, recipient_id: 'nobody' }),
        '"nobody" is unknown',
      ],
      [
        'no.recipient',
        domainEvent('p3', 'invoice.issued', { ...invoice, recipient_id: undefined }),
        'set data.recipient_id, data.recipients or the CloudEvents subject',
      ],
      [
        'odd.recipient',
        domainEvent('p4', 'invoice.issued', { ...invoice, recipients: [7] }),
        'must be 1 to 1000 recipient ids',
      ],
      ['odd.data', domainEvent('p5', 'invoice.issued', 'text'), 'must be a JSON object'],
      ['odd.tenant', domainEvent('p6', 'invoice.issued', invoice, { tenant: 'No Such!' }), 'tenant must be 1 to 63'],
      [
        'bad.request',
        { ...domainEvent('p7', eventRequested.type, { type: 'welcome', recipients: [], colour: 1 }) },
        'data.colour: is not a known field',
      ],
    ];
    for (const [key, body] of cases) test.broker.publish('events', key, body);
    for (const [key, , reason] of cases) {
      const letter = await until(`${key} is parked`, () => parked.find(({ data }) => data.routing_key === key));
      expect(letter.data.error).toContain(reason);
    }
  });

  it('parks one event of unknown recipients whole: nobody of it is notified', async () => {
    const data = { ...invoice, recipient_id: undefined, recipients: ['amina', 'ghost'], invoice_number: 'INV-G' };
    test.broker.publish('events', 'ghost.event', domainEvent('g1', 'invoice.issued', data));
    await until('it is parked', () => parked.some(({ data }) => data.routing_key === 'ghost.event'));
    expect(routedFor('INV-G')).toEqual([]);
    const [{ count }] = await test.database.query(
      `SELECT count(*)::int FROM preferences.events WHERE cloud_event_id = 'g1'`,
    );
    expect(count).toBe(0);
  });

  it('records that a recipient has no contact, and still delivers where it can', async () => {
    test.broker.publish(
      'events',
      'invoice.issued',
      domainEvent('n1', 'invoice.issued', { ...invoice, recipient_id: 'bo', invoice_number: 'INV-B' }),
    );
    const [event] = await until('it is routed', () => routedFor('INV-B').length > 0 && routedFor('INV-B'));
    expect(event!.data.deliveries.map(({ channel }) => channel)).toEqual(['in_app']);
    const { channels } = await test.messages.call(getDecision, {
      tenant,
      notification_id: event!.data.notification_id,
    });
    expect(channels).toContainEqual(
      expect.objectContaining({
        channel: 'email',
        outcome: 'drop',
        rule: 'no_contact',
        reason: 'bo has no email contact',
      }),
    );
  });

  it('obeys the switches of the recipient', async () => {
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'bo',
      mode: 'merge',
      preferences: { types: { invoice_issued: { in_app: false } } },
    });
    test.broker.publish(
      'events',
      'invoice.issued',
      domainEvent('s1', 'invoice.issued', { ...invoice, recipient_id: 'bo', invoice_number: 'INV-S' }),
    );
    const rows = await until('it is decided', async () => {
      const found = await test.database.query(
        `SELECT n.channels FROM preferences.notifications n JOIN preferences.events e ON e.id = n.event_id WHERE e.cloud_event_id = 's1'`,
      );
      return found.length > 0 && found;
    });
    expect(rows[0].channels[0]).toMatchObject({
      channel: 'in_app',
      outcome: 'drop',
      rule: 'type_preference',
      reason: 'bo switched invoice_issued by in_app off',
    });
    expect(routedFor('INV-S')).toEqual([]);
  });

  it('lets the inbox have it at once and everything else wait for the end of the quiet hours, then decides anew', async () => {
    const clock = (offsetMs: number) => new Date(Date.now() + offsetMs).toISOString().slice(11, 16);
    await person('cleo', { email: 'cleo@example.org', phone: '+254711000222' });
    const quiet_hours = { start: clock(-3_600_000), end: clock(3_600_000) };
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'cleo',
      mode: 'merge',
      preferences: { quiet_hours },
    });
    test.broker.publish(
      'events',
      'invoice.issued',
      domainEvent('q1', 'invoice.issued', { ...invoice, recipient_id: 'cleo', invoice_number: 'INV-Q' }),
    );
    const [now] = await until('the inbox gets it', () => routedFor('INV-Q').length > 0 && routedFor('INV-Q'));
    expect(now!.data.deliveries.map(({ channel }) => channel)).toEqual(['in_app']);
    const timer = await until('the rest is with the scheduler', () =>
      timers.find(({ data }) => data.message.type === notificationDeferred.type),
    );
    expect(timer.data.due_at).toContain(`${quiet_hours.end}:00.000Z`);

    // Meanwhile cleo switches SMS off; at the end of the quiet hours that counts.
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'cleo',
      mode: 'merge',
      preferences: { channels: { sms: false } },
    });
    const back = { ...timer.data.message, timer: timer.data.timer_id };
    test.broker.publish('events', timer.data.routing_key, back);
    const [, later] = await until('the email follows', () => routedFor('INV-Q').length === 2 && routedFor('INV-Q'));
    expect(later!.data.notification_id).toBe(now!.data.notification_id);
    expect(later!.data.deliveries.map(({ channel }) => channel)).toEqual(['email']);
    const decision = await test.messages.call(getDecision, { tenant, notification_id: now!.data.notification_id });
    expect(decision.channels.map(({ channel, outcome, rule }) => [channel, outcome, rule])).toEqual([
      ['in_app', 'send', 'catalog_default'],
      ['email', 'send', 'catalog_default'],
      ['sms', 'drop', 'channel_preference'],
    ]);

    // The scheduler may bring it twice; the decision stands, whatever cleo switches on meanwhile.
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'cleo',
      mode: 'merge',
      preferences: { channels: { sms: true } },
    });
    test.broker.publish('events', timer.data.routing_key, back);
    const [, , again] = await until(
      'the repetition is through',
      () => routedFor('INV-Q').length === 3 && routedFor('INV-Q'),
    );
    expect(again!.data.deliveries).toEqual(later!.data.deliveries);
  });

  it('refuses quiet hours that contradict themselves or name no zone', async () => {
    const set = (quiet_hours: QuietHours) =>
      test.messages.call(setPreferences, { tenant, recipient: 'bo', mode: 'merge', preferences: { quiet_hours } });
    await expect(set({ start: '22:00', end: '22:00' })).rejects.toMatchObject({
      errors: [{ path: 'quiet_hours.end' }],
    });
    await expect(set({ start: '25:00', end: '07:00' })).rejects.toMatchObject({
      errors: [{ path: 'quiet_hours.start' }],
    });
    await expect(set({ start: '22:00', end: '07:00', time_zone: 'Mars/Olympus' })).rejects.toMatchObject({
      status: 422,
      errors: [{ path: 'quiet_hours.time_zone' }],
    });
  });

  it('keeps tenants apart: another tenant’s recipient of the same id is unknown', async () => {
    test.broker.publish('events', 'other.tenant', domainEvent('t1', 'invoice.issued', invoice, { tenant: 'other' }));
    await until('it is parked', () => parked.some(({ data }) => data.routing_key === 'other.tenant'));
    await expect(
      test.messages.call(getDecision, { tenant: 'other', notification_id: routed[0]!.data.notification_id }),
    ).rejects.toMatchObject({ status: 404 });
  });

  it('hands an event for later to the scheduler and notifies when it comes back', async () => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const request: EventRequest = {
      type: 'welcome',
      recipients: ['amina'],
      data: { invoice_number: 'LATER' },
      send_at: sendAt,
    };
    await test.messages.publish(eventRequested, request, { id: freshId(), tenant });
    const timer = await until('the timer is set', () =>
      timers.find(({ data }) => data.routing_key === eventRequested.key),
    );
    expect(timer.data.due_at).toBe(sendAt);
    expect(routedFor('LATER')).toEqual([]);
    const back = { ...timer.data.message, timer: timer.data.timer_id };
    test.broker.publish('events', timer.data.routing_key, back);
    const [event] = await until('it is routed', () => routedFor('LATER').length > 0 && routedFor('LATER'));
    await until(
      'the event counts as decided',
      async () => (await test.messages.call(getEvent, { tenant, id: event!.data.event.id })).status === 'decided',
    );
  });

  it('checks a request for the gateway and names what is wrong', async () => {
    const check = (event: EventRequest) => test.messages.call(checkEvent, { tenant, event });
    await expect(check({ type: 'invoice.issued', recipients: ['amina'], data: invoice })).resolves.toEqual({
      type: 'invoice_issued',
      types: ['invoice_issued'],
      words: [{ template: 'invoice_issued', channels: ['in_app', 'email', 'sms'] }],
    });
    await expect(check({ type: 'nonsense', recipients: ['amina'] })).rejects.toMatchObject({
      status: 422,
      code: 'unknown_type',
    });
    await expect(check({ type: 'welcome', recipients: ['amina', 'ghost'] })).rejects.toMatchObject({
      code: 'unknown_recipient',
      errors: [{ path: 'recipients[1]' }],
    });
    await expect(check({ type: 'welcome', recipients: ['bo'], channels: ['sms'] })).rejects.toMatchObject({
      code: 'unreachable_recipient',
      errors: [{ path: 'recipients[0]', message: '"bo" has no sms contact; add one, or name other channels' }],
    });
    await expect(check({ type: 'inactive_account', recipients: ['bo'], data: { days: 30 } })).rejects.toMatchObject({
      code: 'unreachable_recipient',
    });
    await expect(
      check({
        type: 'welcome',
        recipients: ['bo'],
        send_at: '2030-01-02T00:00:00Z',
        expires_at: '2030-01-01T00:00:00Z',
      }),
    ).rejects.toMatchObject({ code: 'expires_before_send' });
  });
});
