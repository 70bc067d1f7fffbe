import { createRequire } from 'node:module';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { REFUSED_CREDENTIAL, SIMULATED_NUMBERS, type Mailbox } from '../mailbox.ts';
import { callbackReceiver, eventually, runningMailbox } from '../testing/running-mailbox.ts';

const require = createRequire(import.meta.url);

interface Answer {
  SMSMessageData: {
    Message: string;
    Recipients: { statusCode: number; number: string; status: string; cost: string; messageId: string }[];
  };
}

/** The vendor's SDK, which has no option for the base URL: it reads this member at each call. */
function sdk(mailbox: Mailbox, apiKey = 'atsk_test') {
  const create = require('africastalking') as (options: object) => { SMS: { send(message: object): Promise<Answer> } };
  const urls = require('africastalking/lib/common.js') as { SMS_URL: string };
  const { SMS } = create({ apiKey, username: 'greenfield' });
  urls.SMS_URL = `${mailbox.httpUrl}/version1/messaging`;
  return SMS;
}

function post(mailbox: Mailbox, fields: Record<string, string>, headers: Record<string, string>): Promise<Response> {
  return fetch(`${mailbox.httpUrl}/version1/messaging`, { method: 'POST', body: new URLSearchParams(fields), headers });
}

describe("The double of Africa's Talking", () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await runningMailbox();
  });

  it('accepts what the SDK sends and keeps one message for each number', async () => {
    const { SMSMessageData } = await sdk(mailbox).send({
      to: ['+254711000001', '+254711000002'],
      message: 'Fees are due',
      from: 'GREENFIELD',
    });
    expect(SMSMessageData.Message).toBe('Sent to 2/2 Total Cost: KES 1.6000');
    expect(SMSMessageData.Recipients[0]).toEqual({
      statusCode: 101,
      number: '+254711000001',
      status: 'Success',
      cost: 'KES 0.8000',
      messageId: expect.stringMatching(/^ATXid_/),
    });
    expect(mailbox.messages({ to: '+254711000001' })).toMatchObject([
      {
        channel: 'sms',
        provider: 'africastalking',
        from: 'GREENFIELD',
        text: 'Fees are due',
        headers: { username: 'greenfield', bulkSMSMode: '1' },
        provider_message_id: SMSMessageData.Recipients[0]?.messageId,
      },
    ]);
    expect(mailbox.messages()).toHaveLength(2);
    expect(JSON.stringify(mailbox.messages())).not.toContain('atsk_test');
  });

  it('answers 401 in plain text without an API key, and with a wrong one', async () => {
    await expect(sdk(mailbox, REFUSED_CREDENTIAL).send({ to: '+254711000001', message: 'x' })).rejects.toMatchObject({
      response: { status: 401, data: 'The supplied authentication is invalid' },
    });
    const without = await post(mailbox, { username: 'u', to: '+254711000001', message: 'x' }, {});
    expect(without.status).toBe(401);
    expect(await without.text()).toContain('requires authentication');
  });

  it.each(['username', 'to', 'message'])('answers 400 and names the missing field %s', async (field) => {
    const fields = { username: 'u', to: '+254711000001', message: 'x', [field]: '' };
    const answer = await post(mailbox, fields, { apikey: 'k' });
    expect([answer.status, await answer.text()]).toEqual([400, `Request is missing required form field '${field}'`]);
  });

  it('names the first missing field when the body is no form at all', async () => {
    const answer = await fetch(`${mailbox.httpUrl}/version1/messaging`, {
      method: 'POST',
      headers: { apikey: 'k', 'content-type': 'application/json' },
      body: '{"username":"u"}',
    });
    expect([answer.status, await answer.text()]).toEqual([400, "Request is missing required form field 'username'"]);
  });

  it('answers XML to a client that does not ask for JSON, as the vendor does', async () => {
    const answer = await post(mailbox, { username: 'u', to: '+254711000001', message: 'x' }, { apikey: 'k' });
    expect(answer.status).toBe(201);
    expect(await answer.text()).toContain('<statusCode>101</statusCode><number>+254711000001</number>');
  });

  it('refuses one number of several by its status code', async () => {
    const { SMSMessageData } = await sdk(mailbox).send({ to: ['+254711000001', '+15005550004'], message: 'x' });
    expect(SMSMessageData.Message).toBe('Sent to 1/2 Total Cost: KES 0.8000');
    expect(SMSMessageData.Recipients[1]).toMatchObject({
      statusCode: 406,
      status: 'UserInBlacklist',
      messageId: 'None',
    });
  });

  it.each(
    SIMULATED_NUMBERS.flatMap(({ name, number, refusal }) =>
      refusal?.africastalking ? [{ name, number, answer: refusal.africastalking }] : [],
    ),
  )('plays $name for $number', async ({ name, number, answer }) => {
    const sending = sdk(mailbox).send({ to: number, message: 'x' });
    if ('http' in answer) {
      await expect(sending).rejects.toMatchObject({ response: { status: answer.http, data: answer.body } });
    } else {
      expect((await sending).SMSMessageData.Recipients).toMatchObject([{ number, ...answer, messageId: 'None' }]);
    }
    expect(mailbox.refusals()).toMatchObject([{ to: number, provider: 'africastalking', simulated: name }]);
    expect(mailbox.messages()).toEqual([]);
  });

  it('reports later what became of a message, as a form', async () => {
    const receiver = await callbackReceiver();
    const reporting = await runningMailbox({ africasTalkingCallbackUrl: receiver.url });
    const { SMSMessageData } = await sdk(reporting).send({ to: ['+254711000001', '+15005550105'], message: 'x' });
    await eventually(() => receiver.received.length === 2);
    const reports = receiver.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    const [delivered, undelivered] = SMSMessageData.Recipients;
    expect(reports.find(({ id }) => id === delivered?.messageId)).toMatchObject({ status: 'Success' });
    expect(reports.find(({ id }) => id === undelivered?.messageId)).toMatchObject({
      status: 'Failed',
      failureReason: 'UserDoesNotExist',
      phoneNumber: '+15005550105',
    });
    expect(reporting.messages().map(({ status }) => status)).toEqual(['undelivered', 'delivered']);
  });
});
