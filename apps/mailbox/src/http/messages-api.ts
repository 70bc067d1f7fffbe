import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CHANNELS, type Message } from '../messages/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import { SIMULATED_ADDRESSES, SIMULATED_NUMBERS } from '../simulation/simulated-recipients.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { emailBodySecurity, emailDocument } from './email-body.ts';
import { answerProblems, fieldErrors, Problem } from './problem.ts';

const listQuery = z.strictObject({
  // In a query `+` means a space: a number that was not percent-encoded is still understood.
  to: z
    .string()
    .min(1, 'give an address or a number')
    .transform((to) => to.replace(/^ (?=\d)/, '+'))
    .optional(),
  channel: z.enum(CHANNELS, `must be one of ${CHANNELS.join(', ')}`).optional(),
  since: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 time, such as 2026-01-31T08:00:00Z' })
    .transform((time) => Date.parse(time))
    .optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'must be a whole number from 1 to 999999')
    .transform(Number)
    .optional(),
});

const noQuery = z.strictObject({});
const htmlQuery = z.strictObject({ images: z.enum(['true', 'false'], 'must be true or false').optional() });

/** The mailbox's own API, for tests and for the page. Unknown query parameters are refused. */
export function messagesApi(
  scope: FastifyInstance,
  { store, simulation }: { store: MessageStore; simulation: Simulation },
): void {
  answerProblems(scope);

  /** `?to=&channel=&since=&limit=` → messages, newest first; all that are kept unless limited */
  scope.get('/api/messages', (request) => store.list(parseQuery(listQuery, request.query)));

  /** Empties the mailbox, and begins the counting of simulated failures anew. */
  scope.delete('/api/messages', (request, reply) => {
    parseQuery(noQuery, request.query);
    store.clear();
    simulation.reset();
    return reply.code(204).send();
  });

  scope.get<{ Params: { id: string } }>('/api/messages/:id', (request) => {
    parseQuery(noQuery, request.query);
    return find(request.params.id);
  });

  /** The HTML part as a document of its own, without scripts. `?images=true` lets remote images load. */
  scope.get<{ Params: { id: string } }>('/api/messages/:id/html', (request, reply) => {
    const { images } = parseQuery(htmlQuery, request.query);
    const { html } = find(request.params.id);
    if (html === null) throw new Problem(404, 'not_found', 'The message has no HTML part');
    return reply
      .headers(emailBodySecurity(images === 'true'))
      .type('text/html; charset=utf-8')
      .send(emailDocument(html));
  });

  /** Tries that were turned down, newest first */
  scope.get('/api/refusals', (request) => {
    parseQuery(noQuery, request.query);
    return store.refusals();
  });

  /** The table of simulated recipients: `{addresses, numbers}` */
  scope.get('/api/simulated-recipients', (request) => {
    parseQuery(noQuery, request.query);
    return { addresses: SIMULATED_ADDRESSES, numbers: SIMULATED_NUMBERS };
  });

  function find(id: string): Message {
    const message = store.get(id);
    if (!message)
      throw new Problem(404, 'not_found', `No message has the id ${id}; it may have been dropped or cleared`);
    return message;
  }
}

function parseQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new Problem(400, 'invalid_query', 'A query parameter is not valid', fieldErrors(parsed.error));
}
