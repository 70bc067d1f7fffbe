import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addSuppression,
  getRecipient,
  listSuppressions,
  putRecipient,
  putRecipients,
  removeSuppression,
  type ContactChannel,
  type RecipientInput,
  type SuppressionReason,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import pg from 'pg';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { contactOn } from '../recipients/recipient.ts';
import { service } from '../service.ts';
import { Suppressions } from './suppressions.ts';

const tenant = 'default';

describe('a suppressed address', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service);
  });

  afterAll(() => test.close());

  const put = (id: string, recipient: RecipientInput, of = tenant) =>
    test.messages.call(putRecipient, { tenant: of, id, recipient });
  const add = (channel: ContactChannel, address: string, reason: SuppressionReason = 'manual', note?: string) =>
    test.messages.call(addSuppression, { tenant, suppression: { channel, address, reason, note }, created_by: 'desk' });
  const remove = (channel: ContactChannel, address: string, of = tenant) =>
    test.messages.call(removeSuppression, { tenant: of, channel, address });
  const marks = async (id: string, of = tenant) =>
    (await test.messages.call(getRecipient, { tenant: of, id })).contacts.map(
      ({ address, suppressed }) => `${address} ${suppressed}`,
    );

  it('is marked at everybody who has it, and nowhere else', async () => {
    await put('amina', { email: 'shared@example.org', phone: '+254711000111' });
    await put('bo', { email: 'bo@example.org', contacts: [{ channel: 'email', address: 'shared@example.org' }] });
    await put('amina', { email: 'shared@example.org' }, 'other');
    expect(await add('email', 'shared@EXAMPLE.org', 'hard_bounce', 'mailbox full')).toEqual({
      created: true,
      suppression: {
        channel: 'email',
        address: 'shared@example.org',
        reason: 'hard_bounce',
        note: 'mailbox full',
        created_at: expect.any(String),
        created_by: 'desk',
      },
    });
    expect(await marks('amina')).toEqual(['shared@example.org hard_bounce', '+254711000111 null']);
    expect(await marks('bo')).toEqual(['bo@example.org null', 'shared@example.org hard_bounce']);
    expect(await marks('amina', 'other')).toEqual(['shared@example.org null']);
  });

  it('is marked at whoever gets it later, one by one or many at a time', async () => {
    await add('sms', '+254 711 000 222', 'complaint');
    expect((await put('chi', { phone: '0711000222', country: 'KE' })).recipient.contacts).toEqual([
      expect.objectContaining({ address: '+254711000222', suppressed: 'complaint' }),
    ]);
    await test.messages.call(putRecipients, {
      tenant,
      recipients: [{ id: 'dia', phone: '+254711000222' }],
      partial: false,
    });
    expect(await marks('dia')).toEqual(['+254711000222 complaint']);
    // Marked or not, the same recipient is the same.
    expect(
      await test.messages.call(putRecipients, {
        tenant,
        recipients: [{ id: 'dia', phone: '+254711000222' }],
        partial: false,
      }),
    ).toMatchObject({ unchanged: 1 });
  });

  it('is what the decision passes over', async () => {
    await put('eva', { email: 'eva@example.org', contacts: [{ channel: 'email', address: 'eva2@example.org' }] });
    const reached = async () =>
      contactOn('email', (await test.running.app.get(RecipientStore).find({ tenant, id: 'eva' }))!);
    expect(await reached()).toMatchObject({ address: 'eva@example.org' });
    await add('email', 'eva@example.org');
    expect(await reached()).toMatchObject({ address: 'eva2@example.org' });
    await add('email', 'eva2@example.org');
    expect(await reached()).toBe('suppressed');
    await remove('email', 'eva@Example.org');
    expect(await reached()).toMatchObject({ address: 'eva@example.org' });
  });

  it('has the last reason and note when it is suppressed again, and its first time', async () => {
    await put('finn', { email: 'finn@example.org' });
    const { suppression } = await add('email', 'finn@example.org', 'unsubscribed', 'by letter');
    expect(await add('email', 'finn@example.org', 'complaint')).toEqual({
      created: false,
      suppression: { ...suppression, reason: 'complaint', note: null },
    });
    expect(await marks('finn')).toEqual(['finn@example.org complaint']);
  });

  it('is free again once it is lifted, for its tenant only', async () => {
    await put('gus', { email: 'gus@example.org' });
    const { suppression } = await add('email', 'gus@example.org');
    await expect(remove('email', 'gus@example.org', 'other')).rejects.toMatchObject({ status: 404 });
    expect(await marks('gus')).toEqual(['gus@example.org manual']);
    expect(await remove('email', 'gus@example.org')).toEqual(suppression);
    expect(await marks('gus')).toEqual(['gus@example.org null']);
    await expect(remove('email', 'gus@example.org')).rejects.toMatchObject({ status: 404 });
    await expect(remove('sms', 'no number')).rejects.toMatchObject({ status: 404 });
  });

  it('must be an address', async () => {
    await expect(add('sms', '0711000111')).rejects.toMatchObject({
      status: 422,
      code: 'invalid_suppression',
      errors: [{ path: 'address', message: expect.stringContaining('country code') }],
    });
  });

  it('is told by many at once, bounces of several tenants among them', async () => {
    const suppressions = test.running.app.get(Suppressions);
    const address = (n: number) => `bounce-${n % 20}@example.org`;
    await put('hana', { contacts: [0, 1].map((n) => ({ channel: 'email', address: address(n) })) }, 'b');
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        suppressions.suppress({
          tenant: ['c', 'a', 'b'][n % 3]!,
          channel: 'email',
          address: address(n),
          reason: 'hard_bounce',
          created_by: 'email-sender',
        }),
      ),
    );
    answers.forEach(({ suppression }, n) =>
      expect(suppression).toMatchObject({ address: address(n), reason: 'hard_bounce' }),
    );
    expect(await marks('hana', 'b')).toEqual(['bounce-0@example.org hard_bounce', 'bounce-1@example.org hard_bounce']);
  });

  it('is marked at everybody even while they are being saved', async () => {
    const rounds = 15;
    for (let round = 0; round < rounds; round += 1) {
      const recipients = Array.from({ length: 50 }, (_, n) => ({
        id: `race-${round}-${n}`,
        email: `race-${round}@example.org`,
      }));
      await Promise.all([
        test.messages.call(putRecipients, { tenant, recipients, partial: false }),
        add('email', `race-${round}@example.org`),
        put(`race-${round}`, { email: `race-${round}@example.org` }),
      ]);
    }
    const missed = await test.database.query(
      `SELECT id FROM preferences.recipients WHERE id LIKE 'race-%' AND contacts @> '[{"suppressed": null}]'`,
    );
    expect(missed).toEqual([]);
    const [{ count }] = await test.database.query(
      `SELECT count(*)::int AS count FROM preferences.recipients WHERE id LIKE 'race-%'`,
    );
    expect(count).toBe(rounds * 51);
  });

  it('waits for a recipient who is being saved, and is then marked there too', async () => {
    const saving = new pg.Client({ connectionString: test.database.url('preferences') });
    await saving.connect();
    try {
      await saving.query('BEGIN');
      await saving.query(
        `INSERT INTO recipients (tenant, id, locale, time_zone, roles, tags, attributes, contacts)
         VALUES ($1, 'slow', 'en', 'UTC', '{}', '{}', '{}', mark_suppressed($1, $2))`,
        [tenant, JSON.stringify([{ channel: 'email', address: 'slow@example.org' }])],
      );
      const added = add('email', 'slow@example.org');
      await until('the suppression waits', async () => {
        const waiting = await test.database.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return waiting.length > 0;
      });
      await saving.query('COMMIT');
      await added;
    } finally {
      await saving.end();
    }
    const [{ contacts }] = await test.database.query(`SELECT contacts FROM preferences.recipients WHERE id = 'slow'`);
    expect(contacts).toEqual([{ channel: 'email', address: 'slow@example.org', suppressed: 'manual' }]);
  });

  it('is found by channel and part of it, page by page', async () => {
    const list = (filter: object, after: string | null = null, of = 'lists') =>
      test.messages.call(listSuppressions, { tenant: of, filter, limit: 2, after });
    const suppressions = test.running.app.get(Suppressions);
    const all = [
      ['email', 'a_b@example.org'],
      ['email', 'acb@example.org'],
      ['email', 'z@example.org'],
      ['sms', '+254711000111'],
    ] as const;
    for (const [channel, address] of all)
      await suppressions.suppress({ tenant: 'lists', channel, address, reason: 'manual', created_by: 'desk' });
    const pages = [];
    for (let after: string | null = null, more = true; more;) {
      const { data, next } = await list({}, after);
      pages.push(data.map(({ address }) => address));
      after = next;
      more = next !== null;
    }
    expect(pages).toEqual([all.slice(0, 2), all.slice(2)].map((page) => page.map(([, address]) => address)));
    const found = async (filter: object) => (await list(filter)).data.map(({ address }) => address);
    expect(await found({ channel: 'sms' })).toEqual(['+254711000111']);
    expect(await found({ q: 'A_B' })).toEqual(['a_b@example.org']);
    expect(await found({ q: '%' })).toEqual([]);
    expect((await list({}, null, 'nobody')).data).toEqual([]);
  });
});
