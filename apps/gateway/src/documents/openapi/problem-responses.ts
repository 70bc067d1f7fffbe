import { Problem } from '@carillon/contracts';
import type { z } from 'zod';
import { forbidden, unauthorized } from '../../access/rules.ts';
import { fromStatus } from '../../http/problem.filter.ts';
import { InputPipe } from '../../http/input.pipe.ts';
import { invalidIdempotencyKey } from '../../idempotency/idempotency-key.ts';
import { inFlight, reused } from '../../idempotency/idempotency.ts';
import { tooManyRequests } from '../../limits/rate-limit.guard.ts';
import { tookTooLong as tookTooLongFor } from '../../limits/time-limit.ts';
import type { JsonSchema } from '../schemas/json-schemas.ts';
import type { DescribedRoute } from './described-routes.ts';

/** RFC 9457, as the gateway answers. */
export const problemSchema: JsonSchema = {
  type: 'object',
  description: 'What went wrong (RFC 9457). Decide by `code`, which is stable; `title` and `detail` are for people.',
  required: ['type', 'status', 'code', 'title'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    status: { type: 'integer', description: 'The HTTP status code.' },
    code: { type: 'string', description: 'Stable and machine-readable.' },
    title: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Which members of the input are wrong, and how to mend each.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string', description: 'In dots and brackets: `recipients[0]`.' },
          message: { type: 'string' },
          line: { type: 'integer', description: 'In a document that was sent as text, counted from 1.' },
          column: { type: 'integer' },
        },
      },
    },
    retry_after: { type: 'integer', description: 'Seconds after which trying again makes sense.' },
  },
};

const meanings: Record<number, string> = {
  400: 'The input is not valid; `errors` names each field and the cure.',
  401: 'There is no valid credential.',
  403: 'The credential may not do this.',
  404: 'There is no such thing in your tenant.',
  409: 'What it is now does not allow this.',
  412: 'It is not the version that `If-Match` names any more.',
  413: 'The body is too large: 4 MiB, or 1 MiB for a catalog document.',
  415: 'The body is of a type that this route does not take.',
  422: 'Well formed, but it cannot be acted upon; `errors` names the fields and the cure.',
  429: 'Too often; `Retry-After` says when to try again.',
  503: 'Something Carillon needs is away, and nothing was accepted. Try again after `Retry-After` seconds.',
  504: 'It was not answered in time and may still be carried out. Send it again with the same `Idempotency-Key`.',
};

/** Every problem that a route can answer with, each with an example by its code. */
export function problemResponses({ method, rule, takesKey, description }: DescribedRoute): Record<string, unknown> {
  const problems: Problem[] = [];
  const input = description?.body ?? description?.query;
  if (input) problems.push(invalid(input, description?.body ? 'body' : 'query'));
  if (description?.body) problems.push(...unreadable);
  if (rule && rule.access !== 'public')
    problems.push(unauthorized(), forbidden(rule, method), tooMany, tookTooLong, Problem.unavailable(away));
  if (takesKey) problems.push(invalidIdempotencyKey(), inFlight(), reused());
  for (const [status, codes] of Object.entries(description?.errors ?? {}))
    for (const code of codes.split(/[,\s]+/)) problems.push(named(Number(status), code));

  return Object.fromEntries(
    [...Map.groupBy(problems, ({ status }) => status)].map(([status, examples]) => [
      String(status),
      {
        description: meanings[status] ?? 'The request failed.',
        ...([429, 503, 504].includes(status) && {
          headers: { 'retry-after': { description: 'Seconds.', schema: { type: 'integer' } } },
        }),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              examples.map((problem) => [problem.code, { value: { type: 'about:blank', ...problem.toJSON() } }]),
            ),
          },
        },
      },
    ]),
  );
}

const tooMany = tooManyRequests({ policy: 'key', quota: 12_000 }, 17);
const tookTooLong = tookTooLongFor(20_000);
/** A body that no route ever sees. */
const unreadable = [fromStatus(400, 'Body is not valid JSON'), fromStatus(413), fromStatus(415)];
const away = 'preferences did not answer within 5000 ms';

/** What the route itself says to an unknown field, and to whatever is missing then. */
function invalid(schema: z.ZodType, part: 'body' | 'query'): Problem {
  try {
    new InputPipe(schema, part).transform({ colour: 'red' });
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  return new Problem({ status: 400, code: `invalid_${part}`, title: `The ${part} is not valid` });
}

/** A code that a route declares. */
function named(status: number, code: string): Problem {
  return new Problem({ status, code, title: code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ') });
}
