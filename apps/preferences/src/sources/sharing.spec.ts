import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  listSources,
  notificationRouted,
  putCatalog,
  putRecipient,
  type CatalogSource,
  type CloudEvent,
  type DeadLetter,
  type NotificationRouted,
} from '@carillon/contracts';
import { replayRoute } from '@carillon/messaging';
import { startTestService, unique, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

/** The domain service knows nothing of Carillon: it publishes plain JSON about the lessons of several schools. */
describe('an exchange that tenants share', () => {
  const exchange = `lessons_${unique()}`;
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let parked: CloudEvent<DeadLetter>[];

  beforeAll(async () => {
    test = await startTestService(service);
    await test.broker.channel.assertExchange(exchange, 'topic', { durable: true });
    routed = await test.broker.capture(notificationRouted);
    parked = await test.broker.capture(deadLetter);
    for (const tenant of ['north', 'south', 'east']) {
      await test.messages.call(putRecipient, { tenant, id: 'amina', recipient: { name: 'Amina' } });
    }
    await school('north', { when: 'body.school == "north" or body.school == "all"' });
    await school('south', { when: 'body.school == "south" or body.school == "all"' });
  });

  afterAll(async () => {
    await test.broker.channel.deleteExchange(exchange);
    await test.close();
  });

  /** A tenant that tells Amina of every lesson of its source. */
  async function school(tenant: string, source: Omit<CatalogSource, 'exchange'>): Promise<void> {
    const document = {
      sources: {
        lessons: { exchange, map: { type: '"lesson.moved"', id: 'body.no', data: 'body.lesson' }, ...source },
      },
      types: { lesson_moved: { category: 'activity', channels: ['in_app'], on: 'lesson.moved', to: '"amina"' } },
    };
    await test.messages.call(putCatalog, {
      tenant,
      document,
      text: '',
      format: 'json',
      dry_run: false,
      applied_by: 'test',
    });
    await until(`the source of ${tenant} is bound`, async () => {
      const [standing] = await test.messages.call(listSources, { tenant });
      return standing?.status === 'bound';
    });
  }

  const publish = (body: object) => test.broker.channel.publish(exchange, 'moved', Buffer.from(JSON.stringify(body)));
  const told = (no: number) =>
    routed
      .filter(({ data }) => data.data.no === no)
      .map(({ tenant, data }) => `${data.recipient.id} of ${tenant} by ${data.event.source}`)
      .sort();

  it('brings each of them what its condition takes, and what several take to each of these', async () => {
    publish({ no: 1, school: 'west', lesson: { no: 1 } });
    publish({ no: 2, school: 'north', lesson: { no: 2 } });
    publish({ no: 3, school: 'south', lesson: { no: 3 } });
    publish({ no: 4, school: 'all', lesson: { no: 4 } });
    await until('the last one is told', () => told(4).length === 2);
    await until('the others are', () => told(2).length + told(3).length === 2);
    expect([1, 2, 3, 4].map(told)).toEqual([
      [],
      [`amina of north by /${exchange}`],
      [`amina of south by /${exchange}`],
      [`amina of north by /${exchange}`, `amina of south by /${exchange}`],
    ]);
  });

  it('recognises a message that was sent twice by what the map says is its id', async () => {
    publish({ no: 10, school: 'north', lesson: { no: 10 } });
    publish({ no: 10, school: 'north', lesson: { no: 10 } });
    // Either message is worked on, as either might be the one that was not finished; what comes of it is the same.
    await until('both are told', () => told(10).length === 2);
    const ids = routed.filter(({ data }) => data.data.no === 10).map(({ data }) => data.notification_id);
    expect(new Set(ids).size).toBe(1);
  });

  it('parks what the expression of one of them cannot work with for that one; the others hear of it', async () => {
    await school('east', { map: { type: '"lesson.moved"', data: 'body.lesson.details' } });
    publish({ no: 20, school: 'north', lesson: { no: 20 } });
    await until('it is told', () => told(20).length === 1);
    const { data } = await until('it is parked', () => parked.find(({ data }) => data.exchange === exchange));
    expect(data.error).toContain('sources.lessons.map.data: body.lesson.details');
    expect(data.attempts).toBe(1);
    expect(JSON.parse(data.body)).toMatchObject({ tenant: 'east', plain: true, data: { no: 20 } });
  });

  it('is mended by a catalog and a replay, which concerns only whom it failed for', async () => {
    await school('east', { map: { type: '"lesson.moved"', data: 'body.lesson' } });
    const { data: letter } = parked.find(({ data }) => data.exchange === exchange)!;
    const { names, publisher } = test.messages;
    await publisher.publishRaw(replayRoute(names, letter), Buffer.from(letter.body));
    await until('it is told', () => told(20).length === 2);
    expect(told(20).map((one) => one.split(' by ')[0])).toEqual(['amina of east', 'amina of north']);
  });
});
