import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/scopes.ts';
import { pageOf } from './origin.ts';
import { Origins } from './origins.ts';

/**
 * Refuses what a page does for a recipient whose tenant does not allow the page's origin. Without it the browser would keep the answer
 * from the page, but what was asked for would be done.
 */
@Injectable()
export class OriginGuard implements CanActivate {
  constructor(private readonly origins: Origins) {}

  /** @throws Problem 403 `origin_not_allowed` */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest & { caller?: Caller }>();
    const { caller } = request;
    if (caller?.kind !== 'recipient' || this.origins.permit(pageOf(request), caller.tenant)) return true;
    throw originNotAllowed();
  }
}

/** 403 */
export function originNotAllowed(): Problem {
  return new Problem({
    status: 403,
    code: 'origin_not_allowed',
    title: 'Not from this page',
    detail:
      'The tenant does not allow pages of the request’s Origin to act for its recipients. An owner allows it with PUT /v1/admin/origins.',
  });
}
