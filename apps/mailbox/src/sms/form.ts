import type { FastifyInstance } from 'fastify';

/** Fields of a form; of a repeated field the last value. */
export type Form = Record<string, string>;

/**
 * Makes the routes of this scope read `application/x-www-form-urlencoded`. Any other body is an empty form, so that the
 * vendor's own complaint about the first missing field is what the sender sees.
 */
export function readForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  scope.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    payload.once('end', () => done(null, {}));
    payload.once('error', done);
  });
}

/** Plausible in E.164: a plus sign and 7 to 15 digits. */
export function isPhoneNumber(value: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(value);
}

/** Absolute, http or https. */
export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'http:' || url?.protocol === 'https:';
}
