import type { FastifyInstance } from 'fastify';
import type { ZodError } from 'zod';

export interface FieldError {
  /** Name of the field or query parameter */
  path: string;
  /** What is wrong, and what would be right */
  message: string;
}

/** An error answer of RFC 9457, with a stable `code`. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: FieldError[] | undefined;

  constructor(status: number, code: string, title: string, errors?: FieldError[]) {
    super(title);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** Names every field that is wrong; an unknown one is named itself, not the object around it. */
export function fieldErrors(error: ZodError): FieldError[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: key, message: 'is not known here; remove it' }))
      : [{ path: issue.path.join('.') || 'body', message: issue.message }],
  );
}

/** Makes every error of this scope an `application/problem+json` answer. */
export function answerProblems(scope: FastifyInstance): void {
  scope.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const problem = error instanceof Problem ? error : frameworkProblem(error);
    const { status, code, message, errors } = problem;
    return reply
      .code(status)
      .type('application/problem+json')
      .send(JSON.stringify({ status, code, title: message, ...(errors && { errors }) }));
  });
}

/** Fastify's own refusals: a body that is no JSON, too large, of an unknown type. */
function frameworkProblem(error: Error & { statusCode?: number }): Problem {
  const status = error.statusCode ?? 500;
  if (status < 500) return new Problem(status, 'invalid_request', error.message);
  console.error('mailbox:', error);
  return new Problem(500, 'internal_error', 'The mailbox failed to answer');
}
