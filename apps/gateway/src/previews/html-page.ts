import { Problem, type Preview } from '@carillon/contracts';
import type { FastifyReply } from 'fastify';

/**
 * What a page of words that a tenant wrote may do: show itself and load pictures. Neither scripts nor forms nor frames, and as a
 * page of nobody's, so that it reaches nothing of the console beside it.
 */
const policy =
  "sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/**
 * The HTML of a preview.
 *
 * @throws Problem 422 when something is wrong with the words, or when the channel has no HTML
 */
export function pageOf({ channel, rendered, errors }: Preview): string {
  if (!rendered) throw Problem.unprocessable('cannot_render', 'The template cannot be filled in', errors);
  if (rendered.email) return rendered.email.html;
  if (rendered.in_app?.html) return `<!doctype html><meta charset="utf-8">${rendered.in_app.html}`;
  throw Problem.unprocessable('no_html', 'There is no HTML to show', [
    { path: 'format', message: `this template has no HTML, being one for ${channel}; ask for JSON` },
  ]);
}

/** Answers with a page that runs nothing. */
export function sendPage(reply: FastifyReply, html: string): string {
  void reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  void reply.type('text/html; charset=utf-8');
  return html;
}
