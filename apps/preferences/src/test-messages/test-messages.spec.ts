import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addSuppression, admitTest, putRecipient, type RecipientInput } from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { startTestService, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'default';

describe('a test message', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service);
    await put('amina', { name: 'Amina', email: 'amina@example.org', phone: '+254711000111', locale: 'sw' });
    await put('bo', {});
  });

  afterAll(() => test.close());

  const put = (id: string, recipient: RecipientInput) =>
    test.messages.call(putRecipient, { tenant, id, recipient: { time_zone: 'Africa/Nairobi', ...recipient } });
  const ask = (request: Partial<RequestOf<typeof admitTest>>) =>
    test.messages.call(admitTest, { tenant, channel: 'email', to: 'amina', limit: 'tenant', ...request });

  it('goes to a recipient’s contact, in their language', async () => {
    const recipient = { id: 'amina', name: 'Amina', locale: 'sw', time_zone: 'Africa/Nairobi' };
    await expect(ask({})).resolves.toEqual({ recipient, address: 'amina@example.org' });
    await expect(ask({ channel: 'in_app' })).resolves.toEqual({ recipient, address: 'amina' });
  });

  it('goes to an address that admins write, and belongs to whoever has it', async () => {
    await expect(ask({ channel: 'sms', to: '+254 711 000 111' })).resolves.toMatchObject({
      recipient: { id: 'amina' },
      address: '+254711000111',
    });
    await expect(ask({ to: 'Desk@example.org' })).resolves.toEqual({
      recipient: { id: 'desk@example.org', name: null, locale: 'en', time_zone: 'UTC' },
      address: 'desk@example.org',
    });
    await expect(ask({ to: 'amina@example.org', tenant: 'other' })).resolves.toMatchObject({
      recipient: { id: 'amina@example.org', name: null },
    });
  });

  it.each<[string, Partial<RequestOf<typeof admitTest>>, object]>([
    ['somebody unknown', { to: 'nobody' }, { status: 422, code: 'invalid_address', errors: [{ path: 'to' }] }],
    ['a number that is none', { channel: 'sms', to: '+2541' }, { status: 422, code: 'invalid_address' }],
    ['an address in the inbox', { channel: 'in_app', to: 'a@example.org' }, { status: 404, code: 'not_found' }],
    ['an address, for a recipient', { to: 'amina@example.org', limit: 'recipient' }, { status: 404 }],
    ['a recipient without a contact', { to: 'bo' }, { status: 422, code: 'no_contact', errors: [{ path: 'channel' }] }],
    ['another tenant’s recipient', { tenant: 'other', limit: 'recipient' }, { status: 404 }],
  ])('is refused to %s, with the cure', async (_, request, problem) => {
    await expect(ask(request)).rejects.toMatchObject(problem);
  });

  it('is not sent to a suppressed address, whoever asks and however it is named', async () => {
    await put('gone', { email: 'gone@example.org' });
    await test.messages.call(addSuppression, {
      tenant,
      suppression: { channel: 'email', address: 'gone@example.org', reason: 'complaint' },
      created_by: 'desk',
    });
    const problem = { status: 422, code: 'suppressed_contact' };
    await expect(ask({ to: 'gone', limit: 'recipient' })).rejects.toMatchObject({
      ...problem,
      errors: [{ path: 'channel', message: expect.stringContaining('complaint') }],
    });
    const refused = await ask({ to: 'gone@example.org' }).catch((error: Error) => error);
    expect(refused).toMatchObject({ ...problem, errors: [{ path: 'to' }] });
    expect(JSON.stringify(refused)).not.toContain('gone@example.org');
  });

  it('may be sent three times in ten minutes by each channel, however many ask at once, then says when again', async () => {
    const own = { to: 'amina', limit: 'recipient' } as const;
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => ask(own)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = await ask(own).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 429, code: 'too_many_tests', retry_after: expect.any(Number) });
    expect((refused as { retry_after: number }).retry_after).toBeGreaterThan(500);
    expect((refused as { retry_after: number }).retry_after).toBeLessThanOrEqual(600);
    // What is refused for another reason uses none of it up, and channels do not count together.
    await expect(ask({ ...own, channel: 'sms' })).resolves.toMatchObject({ address: '+254711000111' });
    await expect(ask({ to: 'amina' })).resolves.toMatchObject({ address: 'amina@example.org' });
  });

  it('may be sent thirty times in ten minutes by all admins of a tenant together', async () => {
    const others = { tenant: 'busy', to: 'desk@example.org' };
    for (let sent = 0; sent < 30; sent++) await ask(others);
    await expect(ask(others)).rejects.toMatchObject({ status: 429, code: 'too_many_tests' });
    await expect(ask({ ...others, tenant: 'calm' })).resolves.toMatchObject({ address: 'desk@example.org' });
  });
});
