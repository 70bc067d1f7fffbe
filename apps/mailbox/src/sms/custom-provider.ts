import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { answerProblems, fieldErrors, Problem } from '../http/problem.ts';
import { REFUSED_CREDENTIAL } from '../simulation/simulated-recipients.ts';
import { isPhoneNumber } from './form.ts';
import { SmsDesk, type Receipt, type SmsOptions } from './sms-desk.ts';

const sendRequest = z.strictObject({
  to: z.string().refine(isPhoneNumber, 'give a phone number in E.164, such as +254711000001'),
  from: z.string().max(100).optional(),
  text: z.string().min(1, 'give the text of the message').max(1600),
  reference: z.string().max(200).optional(),
});

/**
 * An SMS provider with a plain JSON API, as a local gateway has: `POST /sms` with `{to, from?, text, reference?}` answers
 * 201 `{id}`; errors are RFC 9457 problems. A bearer token is asked for only when MAILBOX_SMS_TOKEN is set.
 */
export function customProvider(scope: FastifyInstance, options: SmsOptions): void {
  const desk = new SmsDesk('custom', options);
  answerProblems(scope);

  scope.post('/sms', async (request, reply) => {
    const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === REFUSED_CREDENTIAL || (options.customToken !== undefined && token !== options.customToken)) {
      reply.header('www-authenticate', 'Bearer');
      throw new Problem(401, 'unauthorized', 'A valid bearer token is required');
    }

    const parsed = sendRequest.safeParse(request.body);
    if (!parsed.success) throw new Problem(400, 'invalid_body', 'The message is not valid', fieldErrors(parsed.error));
    const { to, from, text, reference } = parsed.data;

    const refusal = desk.refuses(to, text);
    if (refusal) {
      const { http, code, title } = refusal.answer;
      desk.note(to, refusal.simulated, `HTTP ${http}, ${code}`);
      if (refusal.retryAfter !== undefined) reply.header('retry-after', refusal.retryAfter);
      throw new Problem(http, code, title);
    }

    const id = randomUUID();
    const headers: Record<string, string> = reference === undefined ? {} : { reference };
    desk.accept({ to, from: from ?? '', text, headers, provider_message_id: id }, (receipt) =>
      report({ id, to, reference }, receipt),
    );
    return (await desk.mayAnswer([to], request, reply)) ? reply.code(201).send({ id }) : reply;
  });

  async function report(message: { id: string; to: string; reference?: string }, receipt: Receipt): Promise<void> {
    if (!options.customCallbackUrl) return;
    await options.callbacks.postJson(options.customCallbackUrl, {
      ...message,
      ...(receipt.delivered ? { status: 'delivered' } : { status: 'undelivered', error: receipt.reason.custom }),
    });
  }
}
