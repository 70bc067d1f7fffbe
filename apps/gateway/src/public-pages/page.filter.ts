import { Problem } from '@carillon/contracts';
import { Catch, type ArgumentsHost } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemFilter } from '../http/problem.filter.ts';
import { htmlOf, pageHeaders } from './page.ts';
import { acceptedLanguages, wordsFor, type PageWords } from './words.ts';

/** Tells people what went wrong as a page in their language; programs get problem details as everywhere. */
@Catch()
export class PageFilter extends ProblemFilter {
  override catch(error: unknown, host: ArgumentsHost) {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return super.catch(error, host);
    const problem = this.problemOf(error);
    const { lang, words } = wordsFor(...acceptedLanguages(request.headers['accept-language']));
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (problem.retry_after !== undefined) void reply.header('retry-after', problem.retry_after);
    const page = { lang, sender: null, ...textOf(problem, words) };
    return reply.status(problem.status).headers(pageHeaders).type('text/html; charset=utf-8').send(htmlOf(page));
  }
}

function textOf({ status }: Problem, words: PageWords): PageWords['notFound'] {
  if (status === 429) return words.tooOften;
  return status >= 500 ? words.unavailable : words.notFound;
}
