import type { FastifyInstance } from 'fastify';
import { runPage } from './browser.ts';
import { pageHtml } from './page-html.ts';
import { pageStyle } from './page-style.ts';

/** Only the mailbox's own script, style and API; whatever a message smuggles in cannot run or load. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page at `/` with its script and style. */
export function pageRoutes(scope: FastifyInstance, about: { smtpUrl: string }): void {
  const html = pageHtml(about);
  // The browser part is one self-contained function: compiled and checked with the rest, and sent as its source.
  const script = `(${runPage.toString()})();`;
  const files: Record<string, { type: string; content: string }> = {
    '/': { type: 'text/html; charset=utf-8', content: html },
    '/mailbox.css': { type: 'text/css; charset=utf-8', content: pageStyle },
    '/mailbox.js': { type: 'text/javascript; charset=utf-8', content: script },
  };
  for (const [path, { type, content }] of Object.entries(files)) {
    scope.get(path, (_request, reply) =>
      reply
        .headers({
          'content-type': type,
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .send(content),
    );
  }
}
