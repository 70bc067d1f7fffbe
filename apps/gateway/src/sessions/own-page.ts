import { Problem } from '@carillon/contracts';
import type { FastifyRequest } from 'fastify';
import { isOwnPage, pageOf } from '../origins/origin.ts';

/**
 * Refuses what a page of another origin makes a browser send. Browsers say whose page it is with everything but plain GETs; whatever
 * is no browser says nothing, and has no cookies either.
 *
 * @param publicUrl under which browsers know us, where a proxy tells us another host
 * @throws Problem 403 `foreign_origin`
 */
export function requireOwnPage(request: FastifyRequest, publicUrl: string | undefined): void {
  const page = pageOf(request);
  if (page.origin === undefined || isOwnPage(page, publicUrl)) return;
  throw new Problem({
    status: 403,
    code: 'foreign_origin',
    title: 'Not from this page',
    detail: 'Only pages of this origin may do this in a browser.',
  });
}
