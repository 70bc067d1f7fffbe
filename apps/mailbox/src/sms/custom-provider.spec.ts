import { beforeEach, describe, expect, it } from '@jest/globals';
import { REFUSED_CREDENTIAL, SIMULATED_NUMBERS, type Mailbox } from '../mailbox.ts';
import { callbackReceiver, eventually, runningMailbox } from '../testing/running-mailbox.ts';

function send({ httpUrl }: Mailbox, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${httpUrl}/sms`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('The custom SMS provider', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await runningMailbox();
  });

  it('keeps the message and answers with its id', async () => {
    const answer = await send(mailbox, { to: '+254711000001', from: 'SCHOOL', text: 'Fees', reference: 'd-1' });
    expect(answer.status).toBe(201);
    expect(mailbox.messages()).toMatchObject([
      {
        provider: 'custom',
        to: '+254711000001',
        from: 'SCHOOL',
        text: 'Fees',
        headers: { reference: 'd-1' },
        provider_message_id: ((await answer.json()) as { id: string }).id,
      },
    ]);
  });

  it('names every field that is wrong', async () => {
    const answer = await send(mailbox, { to: '0711', text: '', subject: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await answer.json()) as { code: string; errors: { path: string }[] };
    expect(problem.code).toBe('invalid_body');
    expect(problem.errors.map(({ path }) => path).sort()).toEqual(['subject', 'text', 'to']);
  });

  it('answers invalid JSON with 400', async () => {
    const answer = await send(mailbox, '{"to":');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('asks for the token when one is set, and refuses a wrong one', async () => {
    const guarded = await runningMailbox({ customToken: 'secret' });
    const message = { to: '+254711000001', text: 'x' };
    expect((await send(guarded, message)).status).toBe(401);
    expect((await send(guarded, message, { authorization: 'Bearer other' })).status).toBe(401);
    expect((await send(guarded, message, { authorization: 'Bearer secret' })).status).toBe(201);
    expect((await send(mailbox, message, { authorization: `Bearer ${REFUSED_CREDENTIAL}` })).status).toBe(401);
  });

  it.each(
    SIMULATED_NUMBERS.flatMap(({ name, number, refusal }) =>
      refusal?.custom ? [{ name, number, answer: refusal.custom }] : [],
    ),
  )('plays $name for $number', async ({ number, answer }) => {
    const refused = await send(mailbox, { to: number, text: 'x' });
    expect(refused.status).toBe(answer.http);
    expect(await refused.json()).toEqual({ status: answer.http, code: answer.code, title: answer.title });
  });

  it('posts a receipt with the reference', async () => {
    const { url, received } = await callbackReceiver();
    const reporting = await runningMailbox({ customCallbackUrl: url });
    await send(reporting, { to: '+15005550105', text: 'x', reference: 'd-1' });
    const { body } = await eventually(() => received[0]);
    expect(JSON.parse(body)).toMatchObject({
      to: '+15005550105',
      reference: 'd-1',
      status: 'undelivered',
      error: 'unreachable',
    });
  });
});
