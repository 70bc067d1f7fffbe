import { beforeEach, describe, expect, it } from '@jest/globals';
import twilio from 'twilio';
import { REFUSED_CREDENTIAL, SIMULATED_NUMBERS, type Mailbox } from '../mailbox.ts';
import { callbackReceiver, eventually, runningMailbox } from '../testing/running-mailbox.ts';

const ACCOUNT = `AC${'0'.repeat(32)}`;
const TOKEN = 'auth-token';
const to = '+254711000001';
const from = '+15005550006';

/** The vendor's SDK, its HTTP client sending to the mailbox instead of api.twilio.com. */
function sdk({ httpUrl }: Mailbox, token = TOKEN): twilio.Twilio {
  const httpClient = new twilio.RequestClient();
  const request = httpClient.request.bind(httpClient);
  httpClient.request = (options) =>
    request({ ...options, uri: options.uri.replace(/^https:\/\/api\.twilio\.com/, httpUrl) });
  return twilio(ACCOUNT, token, { httpClient });
}

function post({ httpUrl }: Mailbox, fields: Record<string, string>, authorization?: string): Promise<Response> {
  return fetch(`${httpUrl}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: authorization === undefined ? {} : { authorization },
  });
}

const basic = (user: string, secret: string) => `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;

describe('The double of Twilio', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await runningMailbox({ laterMs: 100 });
  });

  it('accepts what the SDK sends, and answers with a message resource', async () => {
    const message = await sdk(mailbox).messages.create({ to, from, body: 'Fees are due' });
    expect(message).toMatchObject({
      status: 'queued',
      to,
      from,
      body: 'Fees are due',
      numSegments: '1',
      errorCode: null,
    });
    expect(message.sid).toMatch(/^SM[0-9a-f]{32}$/);
    expect(message.dateCreated).toBeInstanceOf(Date);
    expect(mailbox.messages()).toMatchObject([
      { channel: 'sms', provider: 'twilio', to, from, text: 'Fees are due', provider_message_id: message.sid },
    ]);
    expect(JSON.stringify(mailbox.messages())).not.toContain(TOKEN);
  });

  it('accepts a messaging service in place of a number, with the status accepted', async () => {
    const messagingServiceSid = `MG${'1'.repeat(32)}`;
    const message = await sdk(mailbox).messages.create({ to, messagingServiceSid, body: 'x' });
    expect(message).toMatchObject({ status: 'accepted', from: null, messagingServiceSid, numSegments: '0' });
  });

  it('lets a message be looked up again, by its SID and by its recipient', async () => {
    const client = sdk(mailbox);
    const { sid } = await client.messages.create({ to, from, body: 'x' });
    expect(await client.messages(sid).fetch()).toMatchObject({ sid, to });
    expect((await client.messages.list({ to })).map((message) => message.sid)).toEqual([sid]);
    await eventually(() => mailbox.messages()[0]?.status === 'delivered');
    expect(await client.messages(sid).fetch()).toMatchObject({ status: 'delivered' });
    await expect(client.messages(`SM${'f'.repeat(32)}`).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  it('answers 401 with code 20003 for credentials that are missing, wrong or of another account', async () => {
    await expect(sdk(mailbox, REFUSED_CREDENTIAL).messages.create({ to, from, body: 'x' })).rejects.toMatchObject({
      status: 401,
      code: 20003,
      message: 'Authenticate',
      moreInfo: 'https://www.twilio.com/docs/errors/20003',
    });
    for (const authorization of [undefined, 'Bearer x', basic('AC-other', TOKEN), basic(ACCOUNT, '')]) {
      expect((await post(mailbox, { To: to, From: from, Body: 'x' }, authorization)).status).toBe(401);
    }
    expect((await post(mailbox, { To: to, From: from, Body: 'x' }, basic('SKkey', 'secret'))).status).toBe(201);
  });

  it.each([
    ['To', { From: from, Body: 'x' }, 21604],
    ['From', { To: to, Body: 'x' }, 21603],
    ['Body', { To: to, From: from }, 21602],
    ['a valid To', { To: '0711000001', From: from, Body: 'x' }, 21211],
    ['a Body within 1600 characters', { To: to, From: from, Body: 'x'.repeat(1601) }, 21617],
    ['a valid StatusCallback', { To: to, From: from, Body: 'x', StatusCallback: 'nowhere' }, 21609],
  ])('answers 400 without %s, with its code', async (_what, fields, code) => {
    const answer = await post(mailbox, fields as Record<string, string>, basic(ACCOUNT, TOKEN));
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      code,
      message: expect.any(String),
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status: 400,
    });
    expect(mailbox.messages()).toEqual([]);
  });

  it.each(
    SIMULATED_NUMBERS.flatMap(({ name, number, refusal }) =>
      refusal?.twilio ? [{ name, number, answer: refusal.twilio }] : [],
    ),
  )('plays $name for $number', async ({ name, number, answer }) => {
    await expect(sdk(mailbox).messages.create({ to: number, from, body: 'x' })).rejects.toMatchObject({
      status: answer.http,
      code: answer.code,
      message: answer.message,
    });
    expect(mailbox.refusals()).toMatchObject([{ to: number, provider: 'twilio', simulated: name }]);
  });

  it('counts the tries of each text by itself', async () => {
    const client = sdk(mailbox);
    const attempt = (body: string) =>
      client.messages.create({ to: '+15005550102', from, body }).then(
        () => 'accepted',
        () => 'refused',
      );
    expect([
      await attempt('a'),
      await attempt('b'),
      await attempt('a'),
      await attempt('a'),
      await attempt('b'),
    ]).toEqual(['refused', 'refused', 'refused', 'accepted', 'refused']);
  });

  it('gives a Retry-After when it throttles', async () => {
    const answer = await post(mailbox, { To: '+15005550103', From: from, Body: 'x' }, basic(ACCOUNT, TOKEN));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '5']);
  });

  it('is slow for the slow number, and breaks the connection for the one without an answer', async () => {
    const started = performance.now();
    await sdk(mailbox).messages.create({ to: '+15005550104', from, body: 'x' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
    await expect(sdk(mailbox).messages.create({ to: '+15005550106', from, body: 'x' })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    expect(mailbox.messages({ to: '+15005550106' })).toHaveLength(1);
  });

  it('posts signed status callbacks: sent, then delivered or undelivered with a code', async () => {
    const { url, received } = await callbackReceiver();
    await sdk(mailbox).messages.create({ to: '+15005550105', from, body: 'x', statusCallback: url });
    await eventually(() => received.length === 2);
    const forms = received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(forms.map(({ MessageStatus, ErrorCode }) => [MessageStatus, ErrorCode])).toEqual([
      ['sent', undefined],
      ['undelivered', '30003'],
    ]);
    received.forEach(({ headers }, index) => {
      const signature = String(headers['x-twilio-signature']);
      expect(twilio.validateRequest(TOKEN, signature, url, forms[index] ?? {})).toBe(true);
    });
  });
});
