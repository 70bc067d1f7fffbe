import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  freshId,
  personalDataServices,
  recipientErased,
  type PersonalDataPage,
  type PersonalDataService,
  type PersonalDataSection,
} from '@carillon/contracts';
import { startTestService, unique, until, type TestService } from '@carillon/testing';
import { ApiKeys } from '../access/api-keys.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';
const sections: Record<PersonalDataService, PersonalDataSection> = {
  preferences: 'profile',
  inbox: 'notifications',
  'email-sender': 'email_deliveries',
  'sms-sender': 'sms_deliveries',
  scheduler: 'timers',
};

describe('personal data', () => {
  let test: TestService;
  /** What the services hold, by recipient: pages as they would answer them, in order. */
  const held = new Map<string, Partial<Record<PersonalDataService, PersonalDataPage[]>>>();
  /** Who is asked for it as the tenant. */
  const asked: { tenant: string; recipient: string }[] = [];

  beforeAll(async () => {
    test = await startTestService(service, { DEV_API_KEY: admin });
    for (const name of personalDataServices) await answer(name);
  });
  afterAll(() => test.close());

  /** Stands in for a service: answers from {@link held}, a page's cursor being its number. */
  async function answer(name: PersonalDataService): Promise<void> {
    const { channel, names } = test.broker;
    await channel.consume(
      names.rpcQueue(name),
      (message) => {
        if (!message) return; // the queue is deleted at the end
        const { properties, content } = message;
        const request = JSON.parse(content.toString());
        asked.push(request);
        const pages = held.get(request.recipient)?.[name] ?? [{ section: sections[name], rows: [], next: null }];
        const page = pages[Number(request.cursor ?? 0)];
        // A page that is not there: the service went away.
        if (page === undefined) return;
        const reply = Buffer.from(JSON.stringify({ ok: page }));
        channel.publish('', properties.replyTo as string, reply, { correlationId: properties.correlationId });
      },
      { noAck: true },
    );
  }

  const someone = (): string => `recipient-${unique()}`;
  const get = (id: string, key = admin) =>
    fetch(`${test.running.url}/v1/recipients/${encodeURIComponent(id)}/export`, {
      headers: { authorization: `Bearer ${key}` },
    });

  /** Parks a message as a stage does. */
  async function park(message: object, properties: object = {}): Promise<string> {
    const id = freshId();
    const letter = {
      ...deadLetter.example,
      parked_at: new Date().toISOString(),
      properties,
      body: JSON.stringify(message),
    };
    await test.messages.publish(deadLetter, letter as typeof deadLetter.example, { id });
    return id;
  }
  const stored = async (id: string): Promise<{ body: string; recipients: string[] } | undefined> =>
    (await test.database.query('SELECT body, recipients FROM gateway.dead_letters WHERE id = $1', [id]))[0] as never;
  const kept = (id: string) => until('the letter is kept', () => stored(id));
  const event = (data: object, more: object = {}) => ({
    specversion: '1.0',
    id: unique(),
    source: '/finance',
    type: 'x',
    data,
    ...more,
  });

  describe('the export', () => {
    it('is one document with everything that anybody holds, whatever the number of pages', async () => {
      const id = `${someone()} "ü"`;
      held.set(id, {
        preferences: [
          { section: 'profile', rows: [{ id, name: 'Amina "A" Ötieno' }], next: '1' },
          { section: 'decisions', rows: [{ n: 1 }, { n: 2 }], next: '2' },
          { section: 'decisions', rows: [], next: '3' },
          { section: 'decisions', rows: [{ n: 3 }], next: null },
        ],
        'email-sender': [
          { section: 'email_deliveries', rows: [], next: '1' },
          { section: 'email_deliveries', rows: [{ html: 'x'.repeat(300_000) }], next: null },
        ],
      });
      const letter = await park(event({ recipients: ['somebody else', id] }));
      await kept(letter);
      const told = freshId();
      await test.database.query(
        `INSERT INTO gateway.webhook_messages (tenant, id, endpoint, event, recipient, body, created_at)
         VALUES ('default', $1, $1, 'delivery.sent', $2, '{"recipient":"them"}', now())`,
        [told, id],
      );
      const answer = await get(id);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain('application/json');
      const name = id.replace(/[^\w.-]/g, '_');
      expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${name}.json"`);
      const text = await answer.text();
      const document = JSON.parse(text);
      expect(document).toEqual({
        tenant: 'default',
        recipient: id,
        exported_at: expect.stringMatching(/Z$/),
        profile: [{ id, name: 'Amina "A" Ötieno' }],
        decisions: [{ n: 1 }, { n: 2 }, { n: 3 }],
        notifications: [],
        email_deliveries: [{ html: 'x'.repeat(300_000) }],
        sms_deliveries: [],
        timers: [],
        dead_letters: [expect.objectContaining({ id: letter, status: 'parked' })],
        webhook_messages: [expect.objectContaining({ id: told, event: 'delivery.sent', body: '{"recipient":"them"}' })],
      });
      expect(JSON.parse(document.dead_letters[0].body).data).toEqual({ recipients: [id] });
      expect(document.dead_letters[0]).not.toHaveProperty('recipients');
      expect(asked.filter(({ recipient }) => recipient === id).every(({ tenant }) => tenant === 'default')).toBe(true);
    });

    it('is there for somebody of whom only a dead letter tells', async () => {
      const id = someone();
      await kept(await park({ recipient_id: id }));
      expect((await (await get(id)).json()) as object).toMatchObject({ profile: [], dead_letters: [{}] });
    });

    it('is 404 where nobody holds anything, whatever another tenant holds', async () => {
      const id = someone();
      await kept(await park(event({ recipient_id: id }, { tenant: 'other' })));
      const answer = await get(id);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'not_found']);
    });

    it('is 503 while a service that may hold something is away', async () => {
      const id = someone();
      held.set(id, { inbox: [], preferences: [{ section: 'profile', rows: [{ id }], next: null }] });
      expect((await get(id)).status).toBe(503);
    }, 20_000);

    it('breaks off, rather than look complete, when a service goes away in the middle', async () => {
      const id = someone();
      held.set(id, { inbox: [{ section: 'notifications', rows: [{ id: 1 }], next: '1' }] });
      const answer = await get(id);
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow();
    }, 20_000);

    it('is for API keys with the scope', async () => {
      const key = await test.running.app.get(ApiKeys).create('default', 'events only', ['events:write']);
      const { token } = await test.running.app.get(RecipientTokens).mint('default', 'amina');
      expect([(await get('amina', key)).status, (await get('amina', token)).status]).toEqual([403, 403]);
    });
  });

  describe('the dead letters of a person who was erased', () => {
    const erase = (recipient: string, tenant = 'default') =>
      test.messages.publish(
        recipientErased,
        { recipient, erased_at: new Date().toISOString() },
        { id: unique(), tenant },
      );
    const heard = (recipient: string) =>
      until(
        'the tombstone is there',
        async () =>
          (await test.database.query('SELECT FROM gateway.erased_recipients WHERE recipient = $1', [recipient]))
            .length > 0,
      );
    const gone = (id: string) => until('the letter is gone', async () => (await stored(id)) === undefined);

    it('go where they are about nobody else; the others lose the person', async () => {
      const [erased, other] = [someone(), someone()];
      const about = await Promise.all([
        park(event({ recipient_id: erased })),
        park(event({ recipients: [erased] })),
        park(event({ recipient: { id: erased, name: 'Amina' } })),
        park(event({}, { subject: erased })),
        park({ recipient_id: erased }),
        park({ amount: 1 }, { headers: { 'cloudEvents:specversion': '1.0', 'cloudEvents:subject': erased } }),
      ]);
      const several = await park(event({ recipients: [other, erased] }));
      const others = await park(event({ recipient_id: other, note: erased }));
      const foreign = await park(event({ recipient_id: erased }, { tenant: 'other' }));
      for (const id of [...about, several, others, foreign]) await kept(id);
      const old = about[0]!;
      await test.database.query('UPDATE gateway.dead_letters SET recipients = NULL WHERE id = ANY($1)', [
        [old, others],
      ]);

      await erase(erased);
      for (const id of about) await gone(id);
      expect(JSON.parse((await stored(several))!.body).data).toEqual({ recipients: [other] });
      expect((await stored(several))!.recipients).toEqual([other]);
      expect(await stored(others)).toBeDefined();
      expect(await stored(foreign)).toBeDefined();
    });

    it('do not come back with what is parked later, unless it is newer', async () => {
      const recipient = someone();
      const before = new Date().toISOString();
      await erase(recipient);
      await heard(recipient);
      const older = await park(event({ recipient_id: recipient }, { time: before }));
      const newer = await park(event({ recipient_id: recipient }));
      await kept(newer);
      await gone(older);
      expect(await stored(newer)).toBeDefined();
    });
  });
});
