import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import type { Caller } from '../access/scopes.ts';
import { DescribedRoutes, openApiPath, type DescribedRoute } from '../documents/openapi/described-routes.ts';
import { pageOf } from './origin.ts';
import { Origins } from './origins.ts';

/** What a page may send along. Our own routes take nothing else; browsers send the rest without asking. */
const allowedHeaders = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Traceparent';
/** What a page may read of an answer beside what browsers always show. */
const exposedHeaders = 'RateLimit, RateLimit-Policy, Retry-After, Idempotency-Replayed, Location, ETag';
/** How long a browser need not ask again, in seconds; none remembers it longer. What it then sends is checked all the same. */
const maxAge = 7_200;

/** The methods that pages may use, by the path as OpenAPI writes it. */
type Open = ReadonlyMap<string, readonly string[]>;

/**
 * Lets pages of the origins that a tenant allows call the routes of client apps (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
 * Those are the routes that recipients' tokens open; no other route has any such header, and none allows credentials that browsers
 * send by themselves.
 */
export function letPagesIn(app: NestFastifyApplication): void {
  const origins = app.get(Origins);
  const open = openTo(app.get(DescribedRoutes).all());
  const http = app.getHttpAdapter().getInstance();
  http.addHook('onRoute', (route) => {
    const methods = open.get(openApiPath(route.url));
    if (methods && [route.method].flat().some((method) => isOpen(methods, method))) route.onSend = letRead(origins);
  });
  for (const [path, methods] of open)
    http.options(path.replace(/\{(\w+)\}/g, ':$1'), (request, reply) =>
      answerPreflight(origins, methods, request, reply),
    );
}

function openTo(routes: readonly DescribedRoute[]): Open {
  const forRecipients = routes.filter(({ rule }) => rule?.access === 'recipient');
  const byPath = Map.groupBy(forRecipients, ({ path }) => path);
  return new Map([...byPath].map(([path, some]) => [path, some.map(({ method }) => method.toUpperCase())]));
}

/** Whatever has GET has HEAD. */
function isOpen(methods: readonly string[], method: string): boolean {
  return methods.includes(method === 'HEAD' ? 'GET' : method);
}

/**
 * Lets the page read the answer, errors as well. Until it is known whose request it is (a body that cannot be read, a token that has
 * expired) the answer tells nothing of a tenant, and pages that any tenant allows may read it.
 */
function letRead(origins: Origins): onSendHookHandler {
  return (request, reply, payload, done) => {
    const page = pageOf(request);
    const { caller } = request as FastifyRequest & { caller?: Caller };
    // Also without an origin: a cache must not give the answer to a page.
    void reply.header('vary', 'Origin');
    if (page.origin !== undefined && origins.permit(page, caller?.tenant))
      void reply.headers({
        'access-control-allow-origin': page.origin,
        'access-control-expose-headers': exposedHeaders,
      });
    done(null, payload);
  };
}

/** Before a browser sends what plain forms cannot, it asks whether it may, without the token: whose it will be is not known. */
function answerPreflight(
  origins: Origins,
  methods: readonly string[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const page = pageOf(request);
  const wanted = request.headers['access-control-request-method'];
  void reply.headers({ vary: 'Origin', allow: methods.join(', ') });
  if (page.origin !== undefined && wanted && isOpen(methods, wanted) && origins.permit(page, undefined))
    void reply.headers({
      'access-control-allow-origin': page.origin,
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': maxAge,
    });
  return reply.status(204).send();
}
