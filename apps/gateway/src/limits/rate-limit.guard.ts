import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../access/scopes.ts';
import { RateLimits } from './rate-limits.ts';

/**
 * Counts the requests of everybody with a credential, once that is known, and tells them where they stand
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/).
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(private readonly limits: RateLimits) {}

  /** @throws Problem 429 */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const { caller } = http.getRequest<FastifyRequest & { caller?: Caller }>();
    if (!caller) return true;
    const { headers, violated, retryAfter } = await this.limits.count(caller);
    if (!headers) return true;
    http.getResponse<FastifyReply>().headers({ 'ratelimit-policy': headers.policy, ratelimit: headers.limit });
    if (!violated) return true;
    throw tooManyRequests(violated, retryAfter!);
  }
}

/** 429 that says by whom and how many may be sent. */
export function tooManyRequests({ policy, quota }: { policy: string; quota: number }, retryAfter: number): Problem {
  return new Problem({
    status: 429,
    code: 'too_many_requests',
    title: 'Too many requests',
    detail: `At most ${quota} a minute by one ${policy} are taken. Send many events with POST /v1/events/bulk.`,
    retry_after: retryAfter,
  });
}
