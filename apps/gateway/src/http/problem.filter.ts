import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { BrokerUnavailable, Unroutable } from '@carillon/messaging';
import { isDatabaseAway } from '@carillon/persistence';
import type { FastifyReply } from 'fastify';
import { throwError } from 'rxjs';

/** Turns whatever a route throws into RFC 9457 problem details; what was not expected is logged and told nothing of. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost) {
    if (host.getType() !== 'http') return throwError(() => error);
    const problem = this.problemOf(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (problem.retry_after !== undefined) void reply.header('retry-after', problem.retry_after);
    return reply
      .status(problem.status)
      .type('application/problem+json')
      .send({ type: 'about:blank', ...problem.toJSON() });
  }

  protected problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof BrokerUnavailable)
      return Problem.unavailable('RabbitMQ cannot take the message right now; nothing was accepted.');
    if (error instanceof Unroutable)
      return Problem.unavailable('The preferences service has never been started; nothing was accepted.');
    if (isDatabaseAway(error)) return Problem.unavailable('The database cannot be reached right now.');
    if (error instanceof HttpException) return fromStatus(error.getStatus(), error.message);
    const { statusCode, message } = error as { statusCode?: number; message?: string };
    if (statusCode !== undefined && statusCode < 500) return fromStatus(statusCode, message);
    this.logger.error(error);
    return internalError();
  }
}

/** 500 */
export function internalError(): Problem {
  return new Problem({ status: 500, code: 'internal_error', title: 'Something went wrong on our side' });
}

const titles: Record<number, [code: string, title: string]> = {
  400: ['invalid_request', 'The request is not valid'],
  404: ['not_found', 'There is no such route'],
  405: ['method_not_allowed', 'This route does not have that method'],
  413: ['body_too_large', 'The body is too large'],
  415: ['unsupported_media_type', 'Send JSON with content-type application/json'],
};

/** What Fastify refuses before a route is asked. @param detail in its words */
export function fromStatus(status: number, detail?: string): Problem {
  const [code, title] = titles[status] ?? ['request_failed', 'The request failed'];
  const invalidJson = status === 400 && /JSON/i.test(detail ?? '');
  return new Problem({
    status,
    code: invalidJson ? 'invalid_json' : code,
    title: invalidJson ? 'The body is not valid JSON' : title,
    detail,
  });
}
