import {
  experimentObserved,
  inAppChunkRendered,
  notificationCreated,
  traceNotification,
  type CloudEvent,
  type ExperimentObserved,
  type InAppRendered,
  type NotificationFact,
} from '@carillon/contracts';
import { until } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboxUnderTest, renderedFor, someone } from '../../testing/inbox-under-test.ts';

let inbox: InboxUnderTest;
let observed: CloudEvent<ExperimentObserved>[];
let created: CloudEvent<NotificationFact>[];

beforeAll(async () => {
  inbox = await InboxUnderTest.start();
  const { broker } = inbox.service;
  [observed, created] = await Promise.all([broker.capture(experimentObserved), broker.capture(notificationCreated)]);
});
afterAll(() => inbox?.close());

const template = { key: 'lesson', version: 2, locale: 'en', experiment: 'trial-1', variant: 'short' };
const toldOf = (...items: InAppRendered[]) =>
  observed
    .filter(({ data }) => items.some(({ delivery_id }) => delivery_id === data.delivery_id))
    .map(({ data }) => `${data.what} ${data.variant}`)
    .sort();
const createdOf = (item: InAppRendered) =>
  until('it is told', () => created.find(({ data }) => data.notification_id === item.notification_id));

describe('a notification that takes part in an experiment', () => {
  it('is told to it when it is in the inbox and when it is read for the first time; of others nothing is told', async () => {
    const recipient = someone();
    const [taking, other] = [renderedFor(recipient, { template }), renderedFor(recipient)];
    await inbox.store('school', other);
    await createdOf(other);
    await inbox.store('school', taking);
    await inbox.change(recipient, other.notification_id, 'read');
    for (const change of ['read', 'unread', 'read'] as const) {
      await inbox.change(recipient, taking.notification_id, change);
    }
    await until('both are told', () => toldOf(taking).length === 2);
    expect(toldOf(taking, other)).toEqual(['delivered short', 'opened short']);
    expect(observed.find(({ data }) => data.delivery_id === taking.delivery_id)).toMatchObject({
      tenant: 'school',
      data: { experiment: 'trial-1', channel: 'in_app' },
    });
    expect((await createdOf(taking)).data.template).toEqual(template);
    const request = { tenant: 'school', recipient, id: taking.notification_id };
    expect((await inbox.service.messages.call(traceNotification, request)).template).toEqual(template);
  });

  it('is told as one with those that it became one with', async () => {
    const recipient = someone();
    const batch = { key: 'conversation-1', window_ms: 600_000 };
    const items = [1, 2, 3].map(() => renderedFor(recipient, { template, batch }));
    for (const item of items) {
      await inbox.publish('school', item);
      await createdOf(item);
    }
    await inbox.change(recipient, items[0]!.notification_id, 'read');
    await until('it is read', () => toldOf(...items).includes('opened short'));
    expect(toldOf(...items)).toEqual(['delivered short', 'opened short']);
    expect(toldOf(items[0]!)).toHaveLength(2);
  });

  it('is told with each of a fan-out', async () => {
    const items = [1, 2, 3].map(() => renderedFor(someone(), { template }));
    const { notification_id: _, recipient: __, delivery_id: ___, ...shared } = items[0]!;
    const to = items.map(({ notification_id, recipient, delivery_id }) => ({
      notification_id,
      recipient,
      delivery_id,
    }));
    await inbox.service.messages.publish(inAppChunkRendered, { ...shared, to }, { tenant: 'school', id: 'chunk-1' });
    await until('all are told', () => toldOf(...items).length === 3);
    expect(toldOf(...items)).toEqual(Array(3).fill('delivered short'));
  });
});
