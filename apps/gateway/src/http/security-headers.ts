import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * What browsers are told with every answer. Pages put policies of their own in the place of the strictest one; what is no page
 * may load, run and be framed by nothing.
 */
const headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  // What a tenant or a person is told stays in no cache; files and pages say what may be kept of them.
  'cache-control': 'no-store',
};

/** A year; without subdomains, which need not be ours. */
const strictTransport = 'max-age=31536000';

/**
 * Sends security headers with the answers of all routes and of those that do not exist, errors included. Over HTTPS, which
 * the proxies among `TRUSTED_PROXIES` tell, `Strict-Transport-Security` as well (RFC 6797).
 */
export function sendSecurityHeaders(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      void reply.headers(headers);
      if (request.protocol === 'https') void reply.header('strict-transport-security', strictTransport);
      done();
    });
}
