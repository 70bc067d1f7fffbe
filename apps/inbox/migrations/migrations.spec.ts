import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inAppRendered, listNotifications } from '@carillon/contracts';
import { migrateService } from '@carillon/persistence';
import { startTestService, testDatabase, testSecret, type TestDatabase, type TestService } from '@carillon/testing';
import { service } from '../src/service.ts';
import { migrations } from './index.ts';

describe('an inbox of the first release', () => {
  let database: TestDatabase;
  let test: TestService;
  const ids = ['019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e', '019aa5e5-8f01-8b1c-9d2e-3f4a5b6c7d8e'];

  beforeAll(async () => {
    database = await testDatabase({ inbox: migrations.slice(0, 2) }, { ownRoles: true });
    // As that release inserted; the older one last.
    for (const [place, id] of ids.toReversed().entries())
      await database.query(
        `INSERT INTO inbox.notifications (tenant, recipient, id, delivery_id, type, category, priority, title, message, actions,
                                          metadata, template, created_at, read_at, first_read_at)
         VALUES ('school', 'parent-17', $1, $1, 't', 'c', 'normal', 'Title', 'Message', '[]', '{}', $2,
                 now() - make_interval(mins => $3), $4, $4)`,
        [id, JSON.stringify(inAppRendered.example.template), place, place === 0 ? null : '2026-11-21T10:00:00Z'],
      );
    await migrateService({ adminUrl: database.adminUrl, service: 'inbox', migrations, secret: testSecret });
    test = await startTestService(service, {}, { database });
  });
  afterAll(async () => {
    await test?.close();
    await database?.drop();
  });

  it('keeps its order, and what was read is seen', async () => {
    const { data } = await test.messages.call(listNotifications, {
      tenant: 'school',
      recipient: 'parent-17',
      filter: { status: 'inbox' },
      limit: 10,
      after: null,
    });
    expect(data).toMatchObject([
      { id: ids[1], status: 'unread', seen_at: null, count: 1, actors: [], related: {}, time_ago: 'now' },
      { id: ids[0], status: 'read', seen_at: '2026-11-21T10:00:00.000Z', time_ago: '1 minute ago' },
    ]);
    for (const { arrived_at, created_at } of data) expect(arrived_at).toBe(created_at);
  });
});
