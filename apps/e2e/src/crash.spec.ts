import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type ServiceName, type Suite } from './suite.ts';

describe('killed in the middle', () => {
  let suite: Suite;
  let client: Client;

  beforeAll(async () => {
    suite = await startSuite({ SEND_TIMEOUT_MS: '1000', RETRY_DELAYS: '1,1,1' });
    client = new Client(suite);
  }, 90_000);

  afterAll(() => suite.close(), 60_000);

  async function killAndReplace(name: ServiceName): Promise<void> {
    const victim = suite.processes.filter((process) => process.name === name).at(-1)!;
    await victim.kill();
    await suite.start(name);
  }

  it('loses nothing and doubles nothing when every stage dies by kill -9 under load', async () => {
    const events = 400;
    const token = await client.recipient('storm', { email: 'storm@example.org' });
    const publish = (from: number, to: number) => {
      for (let number = from; number < to; number += 1) {
        client.publish('payment.received', {
          specversion: '1.0',
          id: `storm-${number}`,
          source: '/finance',
          type: 'payment.received',
          data: { recipient_id: 'storm', amount: number, currency: 'USD', reference: `REF-${number}.` },
        });
      }
    };
    const stages: ServiceName[] = ['preferences', 'template-renderer', 'inbox', 'email-sender'];
    const share = events / stages.length;
    for (const [index, stage] of stages.entries()) {
      publish(index * share, (index + 1) * share);
      // Some of this share is through, some is in the stage's hands.
      await until('mail flows', async () => (await client.mailbox('storm@example.org')).length > index * share * 0.5);
      await killAndReplace(stage);
    }

    const references = async () =>
      (await client.mailbox('storm@example.org', 'email')).map(({ text }) => /REF-\d+\./.exec(text)?.[0]);
    await until('every email arrived', async () => new Set(await references()).size === events, { timeoutMs: 60_000 });
    // A send that the crash cut off between the provider's answer and the record of it is settled by sending again with the
    // same Message-ID, which mailboxes recognise; there is no other way to be sure that it arrived.
    const messageIds = new Set(
      (await client.mailbox('storm@example.org', 'email')).map(({ headers }) => headers['message-id']),
    );
    expect(messageIds.size).toBe(events);

    await until('every notification is in the inbox', async () => {
      const { json } = await client.call('GET', '/v1/notifications/unread-count', undefined, token);
      return json.count === events;
    });
    await until('every delivery is settled', async () => {
      const pages = await Promise.all(
        ['queued', 'sending', 'retrying', 'uncertain', 'failed'].map((status) =>
          client.call('GET', `/v1/admin/deliveries/email?status=${status}`),
        ),
      );
      return pages.every(({ json }) => json.data.length === 0);
    });
    expect((await client.call('GET', '/v1/admin/dead-letters')).json.data).toEqual([]);
  }, 150_000);
});
