import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  personalData,
  recipientErased,
  smsRendered,
  type PersonalDataPage,
  type SmsRendered,
} from '@carillon/contracts';
import { unique, until } from '@carillon/testing';
import pg from 'pg';
import { renderedFor, SenderUnderTest, someNumber } from '../../testing/sender-under-test.ts';

describe('A person who was erased', () => {
  let sender: SenderUnderTest;

  beforeAll(async () => {
    sender = await SenderUnderTest.start();
  });
  afterAll(() => sender?.close());

  const someone = (): string => `recipient-${unique()}`;
  /** An item for a person, as old as it says. */
  const itemFor = (recipient: string, changes: Partial<SmsRendered> = {}): SmsRendered =>
    renderedFor(someNumber(), { recipient, created_at: new Date().toISOString(), ...changes });
  const publishErasure = (recipient: string, erased_at = new Date().toISOString()) =>
    sender.service.messages.publish(
      recipientErased,
      { recipient, erased_at },
      { id: `${recipient} ${erased_at}`, tenant: 'school' },
    );
  const query = (sql: string, parameters: unknown[]) => sender.service.database.query(sql, parameters);
  const heard = (recipient: string) =>
    until(
      'the tombstone is there',
      async () =>
        (await query('SELECT FROM sms_sender.erased_recipients WHERE recipient = $1', [recipient])).length === 1,
    );
  const deliveriesOf = async (recipient: string, tenant = 'school'): Promise<string[]> =>
    (await query('SELECT id FROM sms_sender.deliveries WHERE recipient = $1 AND tenant = $2', [recipient, tenant])).map(
      ({ id }) => id as string,
    );
  const attemptsOf = (...items: SmsRendered[]) =>
    query('SELECT FROM sms_sender.attempts WHERE delivery_id = ANY ($1)', [
      items.map(({ delivery_id }) => delivery_id),
    ]);
  const isForgotten = (recipient: string, ...items: SmsRendered[]) =>
    until(
      'nothing is left',
      async () => (await deliveriesOf(recipient)).length === 0 && (await attemptsOf(...items)).length === 0,
    );
  /** Travels in the same queue, so what came before it has been dealt with. */
  async function passed(): Promise<void> {
    const item = itemFor(someone());
    await sender.publish(item);
    await sender.tells(item.delivery_id, 'sent');
  }

  it('has no deliveries and attempts any more; others keep theirs, also the same id of another tenant', async () => {
    const [erased, other] = [someone(), someone()];
    const items = [itemFor(erased), itemFor(erased)];
    const [kept, foreign] = [itemFor(other), itemFor(erased)];
    await sender.publish(...items, kept);
    await sender.service.messages.publish(smsRendered, foreign, { id: foreign.delivery_id, tenant: 'shop' });
    for (const { delivery_id } of [...items, kept, foreign]) await sender.tells(delivery_id, 'sent');
    await publishErasure(erased);
    await isForgotten(erased, ...items);
    expect(await deliveriesOf(other)).toEqual([kept.delivery_id]);
    expect(await deliveriesOf(erased, 'shop')).toEqual([foreign.delivery_id]);
    expect(await attemptsOf(kept, foreign)).toHaveLength(2);
  });

  it('is sent no retry any more', async () => {
    const recipient = someone();
    const item = itemFor(recipient);
    sender.provider.script(item.to, { kind: 'throttled', error: 'later', retryAfterSeconds: 1 });
    await sender.publish(item);
    await sender.reaches(item.delivery_id, 'retrying');
    await publishErasure(recipient);
    await isForgotten(recipient, item);
    // The loop comes by every second; another one's retry, due later, shows that it did.
    const other = itemFor(someone());
    sender.provider.script(
      other.to,
      { kind: 'throttled', error: 'later', retryAfterSeconds: 1 },
      { kind: 'accepted', providerMessageId: 'm' },
    );
    await sender.publish(other);
    await sender.tells(other.delivery_id, 'retrying', 'sent');
    expect(sender.provider.askedFor(item.to)).toHaveLength(1);
  });

  it('is sent nothing of what was still on its way, and nothing is told of it', async () => {
    const recipient = someone();
    const late = itemFor(recipient);
    await publishErasure(recipient);
    await heard(recipient);
    await sender.publish(late, late);
    await passed();
    expect(sender.provider.askedFor(late.to)).toEqual([]);
    expect(sender.toldOf(late.delivery_id)).toEqual([]);
    expect(await deliveriesOf(recipient)).toEqual([]);
  });

  it('leaves no trace of a message that was with the provider at that moment', async () => {
    const recipient = someone();
    const item = itemFor(recipient);
    let answer!: () => void;
    sender.provider.script(item.to, async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return { kind: 'accepted', providerMessageId: 'm' };
    });
    await sender.publish(item);
    await until('the provider is asked', () => sender.provider.askedFor(item.to).length === 1);
    await publishErasure(recipient);
    await isForgotten(recipient, item);
    answer();
    await passed();
    await isForgotten(recipient, item);
    expect(sender.toldOf(item.delivery_id)).toEqual([]);
  });

  it('may be created anew: what is newer is sent', async () => {
    const recipient = someone();
    const erasedAt = Date.now() - 60_000;
    await publishErasure(recipient, new Date(erasedAt).toISOString());
    await heard(recipient);
    const older = itemFor(recipient, { created_at: new Date(erasedAt).toISOString() });
    const newer = itemFor(recipient, { created_at: new Date(erasedAt + 1).toISOString() });
    await sender.publish(older, newer);
    await sender.tells(newer.delivery_id, 'sent');
    await passed();
    expect(sender.provider.askedFor(older.to)).toEqual([]);
    expect(await deliveriesOf(recipient)).toEqual([newer.delivery_id]);
  });

  it('is forgotten by what was being written at that very moment', async () => {
    const recipient = someone();
    const item = itemFor(recipient);
    const client = new pg.Client({ connectionString: sender.service.database.url('sms-sender') });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO deliveries (tenant, id, notification_id, recipient, type, category, lane, template, destination, content,
           status, attempts, created_at, updated_at)
         VALUES ('school', $1, $2, $3, 't', 'c', 'normal', '{}', $4, '{}', 'queued', 0, $5, now())`,
        [item.delivery_id, item.notification_id, recipient, item.to, item.created_at],
      );
      await publishErasure(recipient);
      await heard(recipient);
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    await isForgotten(recipient, item);
  });

  it('can be told before all that was sent to them, page by page, without what is ours', async () => {
    const recipient = someone();
    const items = [0, 1, 2, 3, 4].map((n) => itemFor(recipient, { text: `Habari ${n}` }));
    await sender.publish(...items);
    for (const { delivery_id } of items) await sender.tells(delivery_id, 'sent');
    const rows: Record<string, unknown>[] = [];
    let cursor: string | null = null;
    do {
      const page: PersonalDataPage = await sender.service.messages.call(personalData, {
        tenant: 'school',
        recipient,
        service: 'sms-sender',
        cursor,
        limit: 2,
      });
      expect(page.section).toBe('sms_deliveries');
      rows.push(...page.rows);
      cursor = page.next;
    } while (cursor !== null);
    expect(rows.map(({ id }) => id)).toEqual(
      items
        .map(({ delivery_id }) => delivery_id)
        .sort()
        .reverse(),
    );
    const first = rows.find(({ id }) => id === items[0]!.delivery_id)!;
    expect(first).toMatchObject({
      destination: items[0]!.to,
      content: { text: 'Habari 0' },
      status: 'sent',
      attempts: [{ number: 1, outcome: 'accepted', provider: 'scripted' }],
    });
    for (const internal of ['tenant', 'lease_until', 'round_start', 'traceparent', 'lane'])
      expect(first).not.toHaveProperty(internal);
  });
});
