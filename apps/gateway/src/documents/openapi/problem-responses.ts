import { Problem } from '@carillon/contracts';
import type { z } from 'zod';
import { forbidden, leastRole, refuseStanding, unauthorized } from '../../access/rules.ts';
import { fromStatus, internalError } from '../../http/problem.filter.ts';
import { InputPipe } from '../../http/input.pipe.ts';
import { invalidIdempotencyKey } from '../../idempotency/idempotency-key.ts';
import { inFlight, reused } from '../../idempotency/idempotency.ts';
import { originNotAllowed } from '../../origins/origin.guard.ts';
import { tooManyWrong } from '../../limits/failed-credentials.ts';
import { tooManyRequests } from '../../limits/rate-limit.guard.ts';
import { tookTooLong } from '../../limits/time-limit.ts';
import type { JsonSchema } from '../schemas/json-schemas.ts';
import type { DescribedRoute } from './described-routes.ts';
import { contentOfTypes, rateLimitHeaders } from './success-responses.ts';

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
  414: 'A part of the path is longer than 2048 characters.',
  415: 'The body is of a type that this route does not take.',
  422: 'Well formed, but it cannot be acted upon; `errors` names the fields and the cure.',
  428: 'It is there already: say with `If-Match` which one you mean.',
  429: 'Too often; `Retry-After` says when to try again.',
  500: 'Something went wrong on our side. It is logged; whether anything was carried out is not known.',
  503: 'Something Carillon needs is away, and nothing was accepted. Try again after `Retry-After` seconds.',
  504: 'It was not answered in time and may still be carried out. Send it again with the same `Idempotency-Key`.',
};

/** Every problem that a route can answer with, each with an example by its code. */
export function problemResponses(route: DescribedRoute): Record<string, unknown> {
  const named = Object.entries(route.description?.errors ?? {}).flatMap(([status, codes]) =>
    codes.split(/[,\s]+/).map((code) => problemOf(Number(status), code)),
  );
  return responsesOf([...ofInput(route), ...ofCaller(route), ...ofServer, ...named], route);
}

/** The same of routes beside the controllers, which are asked for nothing and do nothing. */
export const operationProblems = (): Record<string, unknown> =>
  responsesOf([problemOf(400, 'invalid_query'), internalError()]);

function responsesOf(problems: Problem[], route?: DescribedRoute): Record<string, unknown> {
  return Object.fromEntries(
    [...Map.groupBy(problems, ({ status }) => status)].map(([status, examples]) => [
      String(status),
      {
        description: meanings[status] ?? 'The request failed.',
        ...headersOf(route, status),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              examples.map((problem) => [problem.code, { value: { type: 'about:blank', ...problem.toJSON() } }]),
            ),
          },
          ...(route?.showsPages && contentOfTypes(['text/html'])),
        },
      },
    ]),
  );
}

/** What the path, the query, the headers and the body are refused with, before the route sees them or by what it says of them. */
function ofInput({ method, path, takesKey, description = { summary: '' } }: DescribedRoute): Problem[] {
  const { body, query, requestHeaders } = description;
  return [
    query ? invalid(query, 'query') : problemOf(400, 'invalid_query'),
    ...(path.includes('{') ? [problemOf(400, 'invalid_path'), problemOf(414, 'invalid_path')] : []),
    ...(requestHeaders ? [problemOf(400, 'invalid_headers')] : []),
    ...(method === 'get' ? [] : [body ? invalid(body, 'body') : problemOf(400, 'invalid_body'), ...unreadable]),
    ...(takesKey ? [invalidIdempotencyKey(), inFlight(), reused()] : []),
  ];
}

/** What somebody is refused with for who they are, or for how often they ask. */
function ofCaller({ rule, method }: DescribedRoute): Problem[] {
  if (!rule || rule.access === 'public') return [];
  const standings = (['suspended', 'erased'] as const).map((standing) => thrown(() => refuseStanding(standing))!);
  const fromPage = leastRole(rule, method) !== undefined && method !== 'get';
  return [
    unauthorized(),
    forbidden(rule, method),
    ...standings,
    ...(rule.access === 'recipient' ? [originNotAllowed()] : []),
    ...(fromPage ? [problemOf(403, 'csrf_token_invalid'), problemOf(403, 'foreign_origin')] : []),
    tooManyRequests({ policy: 'key', quota: 12_000 }, 17),
    tooManyWrong(120, 17),
  ];
}

/** What goes wrong on this side. */
const ofServer = [
  internalError(),
  Problem.unavailable('preferences did not answer within 5000 ms'),
  tookTooLong(20_000),
];
/** A body that no route ever sees. */
const unreadable = [fromStatus(400), fromStatus(400, 'Body is not valid JSON'), fromStatus(413), fromStatus(415)];

function headersOf(route: DescribedRoute | undefined, status: number): object {
  const isLimited = status === 429 && route?.rule && route.rule.access !== 'public';
  const headers = {
    ...(status === 401 && {
      'www-authenticate': { description: 'How to authenticate.', required: true, schema: { const: 'Bearer' } },
    }),
    ...([429, 503, 504].includes(status) && {
      'retry-after': { description: 'Seconds.', required: true, schema: { type: 'integer', minimum: 0 } },
    }),
    ...(isLimited && rateLimitHeaders),
  };
  return Object.keys(headers).length === 0 ? {} : { headers };
}

/** What the route itself says to an unknown field, and to whatever is missing then. */
function invalid(schema: z.ZodType, part: 'body' | 'query'): Problem {
  return thrown(() => new InputPipe(schema, part).transform({ colour: 'red' })) ?? problemOf(400, `invalid_${part}`);
}

function thrown(work: () => unknown): Problem | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  return undefined;
}

/** One of which there is no more to say than its code. */
function problemOf(status: number, code: string): Problem {
  return new Problem({ status, code, title: code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ') });
}
