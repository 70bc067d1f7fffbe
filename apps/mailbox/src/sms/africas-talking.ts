import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { REFUSED_CREDENTIAL } from '../simulation/simulated-recipients.ts';
import { isPhoneNumber, readForms, type Form } from './form.ts';
import { segmentsOf } from './segments.ts';
import { SmsDesk, type Receipt, type SmsOptions } from './sms-desk.ts';

/** One entry of `SMSMessageData.Recipients`. */
interface RecipientResult {
  statusCode: number;
  number: string;
  status: string;
  cost: string;
  messageId: string;
}

/** Shown as the sender when an account has none of its own. */
const DEFAULT_SENDER = 'AFRICASTKNG';
const COST_PER_SEGMENT = 0.8;

/**
 * Stands in for https://api.africastalking.com: `POST /version1/messaging`
 * (https://developers.africastalking.com/docs/sms/sending/bulk). Any API key but `invalid` is right. Errors of the whole
 * request are plain text, errors of one recipient are entries of an answer with 201. XML without `Accept:
 * application/json`, as at the vendor.
 */
export function africasTalking(scope: FastifyInstance, options: SmsOptions): void {
  const desk = new SmsDesk('africastalking', options);
  readForms(scope);
  scope.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) =>
    reply
      .code(error.statusCode ?? 500)
      .type('text/plain')
      .send(error.message),
  );

  scope.post<{ Body: Form | undefined }>('/version1/messaging', async (request, reply) => {
    const refuse = (status: number, body: string) => reply.code(status).type('text/plain').send(body);

    const apiKey = request.headers['apikey'];
    if (!apiKey) return refuse(401, 'The resource requires authentication, which was not supplied with the request');
    if (apiKey === REFUSED_CREDENTIAL) return refuse(401, 'The supplied authentication is invalid');

    const { username, to, message, from, ...further } = request.body ?? {};
    if (!username) return refuse(400, "Request is missing required form field 'username'");
    if (!to) return refuse(400, "Request is missing required form field 'to'");
    if (!message) return refuse(400, "Request is missing required form field 'message'");

    const numbers = to.split(',').map((number) => number.trim());
    const refused = new Map<string, RecipientResult>();
    for (const number of numbers) {
      if (!isPhoneNumber(number)) {
        refused.set(number, refusedRecipient(number, 403, 'InvalidPhoneNumber'));
        continue;
      }
      const refusal = desk.refuses(number, message);
      if (!refusal) continue;
      if ('http' in refusal.answer) {
        const { http, body } = refusal.answer;
        desk.note(number, refusal.simulated, `HTTP ${http}: ${body}`);
        if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
        return refuse(http, body);
      }
      const { statusCode, status } = refusal.answer;
      desk.note(number, refusal.simulated, `statusCode ${statusCode} ${status}`);
      refused.set(number, refusedRecipient(number, statusCode, status));
    }

    const cost = COST_PER_SEGMENT * segmentsOf(message);
    const recipients = numbers.map((number): RecipientResult => {
      const turnedDown = refused.get(number);
      if (turnedDown) return turnedDown;
      const messageId = `ATXid_${randomUUID().replaceAll('-', '')}`;
      desk.accept(
        {
          to: number,
          from: from || DEFAULT_SENDER,
          text: message,
          headers: { username, ...further },
          provider_message_id: messageId,
        },
        (receipt) => report(messageId, number, receipt),
      );
      return { statusCode: 101, number, status: 'Success', cost: `KES ${cost.toFixed(4)}`, messageId };
    });

    if (!(await desk.mayAnswer(numbers, request, reply))) return reply;
    const sent = numbers.length - numbers.filter((number) => refused.has(number)).length;
    const total = sent === 0 ? '0' : `KES ${(cost * sent).toFixed(4)}`;
    const summary = `Sent to ${sent}/${numbers.length} Total Cost: ${total}`;
    reply.code(201);
    return request.headers.accept?.includes('json')
      ? reply.send({ SMSMessageData: { Message: summary, Recipients: recipients } })
      : reply.type('application/xml').send(asXml(summary, recipients));
  });

  /** https://developers.africastalking.com/docs/sms/notifications, delivery reports */
  async function report(id: string, phoneNumber: string, receipt: Receipt): Promise<void> {
    if (!options.africasTalkingCallbackUrl) return;
    await options.callbacks.postForm(options.africasTalkingCallbackUrl, {
      id,
      phoneNumber,
      networkCode: '99999',
      ...(receipt.delivered
        ? { status: 'Success' }
        : { status: 'Failed', failureReason: receipt.reason.africastalking }),
    });
  }
}

function refusedRecipient(number: string, statusCode: number, status: string): RecipientResult {
  return { statusCode, number, status, cost: '0', messageId: 'None' };
}

function asXml(summary: string, recipients: RecipientResult[]): string {
  const rows = recipients.map((recipient) => {
    const members = Object.entries(recipient).map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`);
    return `<Recipient>${members.join('')}</Recipient>`;
  });
  return (
    '<?xml version="1.0" encoding="UTF-8"?><AfricasTalkingResponse><SMSMessageData>' +
    `<Message>${escapeXml(summary)}</Message><Recipients>${rows.join('')}</Recipients>` +
    '</SMSMessageData></AfricasTalkingResponse>'
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
