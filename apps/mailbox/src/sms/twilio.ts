import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Message } from '../messages/message.ts';
import { REFUSED_CREDENTIAL } from '../simulation/simulated-recipients.ts';
import { isHttpUrl, isPhoneNumber, readForms, type Form } from './form.ts';
import { segmentsOf } from './segments.ts';
import { SmsDesk, type Receipt, type SmsOptions } from './sms-desk.ts';
import { twilioSignature } from './twilio-signature.ts';

const MAX_BODY_CHARACTERS = 1600;

/** An error of the REST API: `{code, message, more_info, status}`. */
class TwilioError extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Who calls: the account of the path, and the secret that callbacks are signed with. */
interface Caller {
  accountSid: string;
  authToken: string;
}

/**
 * Stands in for https://api.twilio.com, API version 2010-04-01: sending, and looking a message up again
 * (https://www.twilio.com/docs/messaging/api/message-resource). Any auth token but `invalid` is right.
 */
export function twilio(scope: FastifyInstance, options: SmsOptions): void {
  const desk = new SmsDesk('twilio', options);
  const messages = '/2010-04-01/Accounts/:accountSid/Messages';
  readForms(scope);
  scope.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const refusal =
      error instanceof TwilioError ? error : new TwilioError(error.statusCode ?? 500, 20500, error.message);
    const { status, code, message } = refusal;
    if (status === 401) reply.header('www-authenticate', 'Basic realm="Twilio API"');
    return reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
  });

  scope.post<{ Body: Form | undefined }>(`${messages}.json`, async (request, reply) => {
    const caller = authenticate(request);
    const form = readSendRequest(request.body ?? {});
    const refusal = desk.refuses(form.To, form.Body);
    if (refusal) {
      const { http, code, message } = refusal.answer;
      desk.note(form.To, refusal.simulated, `HTTP ${http}, code ${code}`);
      if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
      throw new TwilioError(http, code, message);
    }

    const { To, Body, From, ...further } = form;
    const sid = `SM${randomUUID().replaceAll('-', '')}`;
    const stored = desk.accept(
      {
        to: To,
        from: From || form.MessagingServiceSid || '',
        text: Body,
        headers: { AccountSid: caller.accountSid, ...further },
        provider_message_id: sid,
      },
      (receipt) => report(stored, caller, receipt),
    );
    return (await desk.mayAnswer([To], request, reply)) ? reply.code(201).send(asResource(stored)) : reply;
  });

  scope.get<{ Params: { sid: string } }>(`${messages}/:sid.json`, (request, reply) => {
    const { accountSid } = authenticate(request);
    const found = sentBy(accountSid).find((message) => message.provider_message_id === request.params.sid);
    if (!found) {
      throw new TwilioError(404, 20404, `The requested resource ${request.url} was not found`);
    }
    return reply.send(asResource(found));
  });

  scope.get<{ Querystring: Record<string, string> }>(`${messages}.json`, (request, reply) => {
    const { accountSid } = authenticate(request);
    const { To, From, PageSize } = request.query;
    const pageSize = Math.min(Math.max(Number(PageSize) || 50, 1), 1000);
    const found = sentBy(accountSid, To).filter((message) => From === undefined || message.from === From);
    return listPage(reply, request.url, pageSize, found.slice(0, pageSize).map(asResource));
  });

  function sentBy(accountSid: string, to?: string): Message[] {
    return options.store
      .list({ channel: 'sms', to })
      .filter(({ provider, headers }) => provider === 'twilio' && headers['AccountSid'] === accountSid);
  }

  /** https://www.twilio.com/docs/messaging/guides/track-outbound-message-status */
  async function report(message: Message, { accountSid, authToken }: Caller, receipt: Receipt): Promise<void> {
    const url = message.headers['StatusCallback'];
    if (!url) return;
    const sid = message.provider_message_id ?? '';
    const post = (status: string, errorCode?: number) => {
      const fields: Record<string, string> = {
        AccountSid: accountSid,
        ApiVersion: '2010-04-01',
        From: message.from,
        MessageSid: sid,
        MessageStatus: status,
        SmsSid: sid,
        SmsStatus: status,
        To: message.to,
        ...(errorCode !== undefined && { ErrorCode: String(errorCode) }),
      };
      const signature = twilioSignature(authToken, url, fields);
      return options.callbacks.postForm(url, fields, { 'x-twilio-signature': signature });
    };
    await post('sent');
    await (receipt.delivered ? post('delivered') : post('undelivered', receipt.reason.twilio));
  }
}

/**
 * Basic authentication: the account's SID or an API key's (`SK…`), and a secret.
 * @throws TwilioError 20003
 */
function authenticate(request: FastifyRequest): Caller {
  const { accountSid } = request.params as { accountSid: string };
  const [scheme, encoded] = (request.headers.authorization ?? '').split(' ');
  const credentials = Buffer.from(encoded ?? '', 'base64').toString();
  const colon = credentials.indexOf(':');
  const username = credentials.slice(0, Math.max(colon, 0));
  const authToken = credentials.slice(colon + 1);
  const known = username === accountSid || username.startsWith('SK');
  if (scheme?.toLowerCase() !== 'basic' || !known || !authToken || authToken === REFUSED_CREDENTIAL) {
    throw new TwilioError(401, 20003, 'Authenticate');
  }
  return { accountSid, authToken };
}

/** Checks the fields in the vendor's order. @throws TwilioError with the vendor's code */
function readSendRequest(form: Form): Form & { To: string; Body: string } {
  const { To, From, MessagingServiceSid, Body, StatusCallback } = form;
  if (!To) throw new TwilioError(400, 21604, "A 'To' phone number is required.");
  if (!From && !MessagingServiceSid) throw new TwilioError(400, 21603, "A 'From' phone number is required.");
  if (!Body) throw new TwilioError(400, 21602, 'Message body is required.');
  if (!isPhoneNumber(To)) throw new TwilioError(400, 21211, `Invalid 'To' Phone Number: ${To}`);
  if (Body.length > MAX_BODY_CHARACTERS) {
    throw new TwilioError(400, 21617, 'The concatenated message body exceeds the 1600 character limit');
  }
  if (StatusCallback && !isHttpUrl(StatusCallback)) {
    throw new TwilioError(400, 21609, `The 'StatusCallback' URL ${StatusCallback} is not a valid URL.`);
  }
  return { ...form, To, Body };
}

/** The Message resource as the API shows it. */
function asResource(message: Message): Record<string, unknown> {
  const accountSid = message.headers['AccountSid'];
  const serviceSid = message.headers['MessagingServiceSid'] ?? null;
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${message.provider_message_id}`;
  const initial = serviceSid ? 'accepted' : 'queued';
  const date = new Date(message.received_at).toUTCString().replace('GMT', '+0000');
  return {
    account_sid: accountSid,
    api_version: '2010-04-01',
    body: message.text,
    date_created: date,
    date_sent: message.status === 'accepted' ? null : date,
    date_updated: date,
    direction: 'outbound-api',
    error_code: message.status === 'undelivered' ? 30003 : null,
    error_message: message.status === 'undelivered' ? 'Unreachable destination handset' : null,
    from: message.from === serviceSid ? null : message.from,
    messaging_service_sid: serviceSid,
    num_media: '0',
    num_segments: serviceSid ? '0' : String(segmentsOf(message.text ?? '')),
    price: null,
    price_unit: serviceSid ? null : 'USD',
    sid: message.provider_message_id,
    status: message.status === 'accepted' ? initial : message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: message.to,
    uri: `${uri}.json`,
  };
}

function listPage(reply: FastifyReply, url: string, pageSize: number, resources: unknown[]): FastifyReply {
  return reply.send({
    end: Math.max(resources.length - 1, 0),
    first_page_uri: url,
    messages: resources,
    next_page_uri: null,
    page: 0,
    page_size: pageSize,
    previous_page_uri: null,
    start: 0,
    uri: url,
  });
}
