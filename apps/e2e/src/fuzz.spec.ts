import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import fc from 'fast-check';
import { Client } from './client.ts';
import { Conformance } from './conformance.ts';
import { hostileRequests, type HostileRequest, type Operation } from './hostile-requests.ts';
import { apiKey, startSuite, type Suite } from './suite.ts';

/**
 * Another one finds other mistakes: `FUZZ_SEED=7 FUZZ_REQUESTS=100 npm test -- apps/e2e/src/fuzz.spec.ts`. So many take a while:
 * `FUZZ_PART=1/4` sends those to every fourth route only, `2/4` to the next ones.
 */
const seed = Number(process.env.FUZZ_SEED ?? 20_261_121);
const perRoute = Number(process.env.FUZZ_REQUESTS ?? 12);
const [part, parts] = (process.env.FUZZ_PART ?? '1/1').split('/').map(Number) as [number, number];
const minutes = Math.max(4, perRoute / 5);

/** No answer may take longer, milliseconds: the time limit of requests, a minute for those that check templates. */
const longest = 65_000;
const together = 6;

const platformKey = 'ck_end-to-end-platform-0123456789';
// Not the example’s, or requests would change it.
const password = 'no example has this one';
const ownerToken = 'invitation-of-the-first-owner-0123456789';
/** In the URLs of webhooks that providers do not sign. */
const webhookSecret = 'webhooks-of-the-fuzz-0123456789abcdef';

/** A request as it went out, and what came of it. */
interface Outcome {
  operation: Operation;
  request: HostileRequest;
  status: number;
  /** It came no further than the guard. */
  refused?: boolean;
  wrong?: string;
}

/**
 * Requests that are wrong in every way, generated from the OpenAPI document, to an installation with all its services. Every answer
 * is held against the document too.
 */
describe('hostile requests', () => {
  let suite: Suite;
  let client: Client;
  let operations: Operation[];
  let components: unknown;
  let conformance: Conformance;
  let token: string;
  let session: Record<string, string>;
  /** Of the same member: it ends while the other one goes on. */
  let shortSession: Record<string, string>;

  beforeAll(async () => {
    suite = await startSuite({
      PLATFORM_API_KEY: platformKey,
      FIRST_OWNER_EMAIL: 'owner@school.example',
      FIRST_OWNER_TOKEN: ownerToken,
      AFRICASTALKING_WEBHOOK_SECRET: webhookSecret,
      BOUNCE_WEBHOOK_SECRET: webhookSecret,
      RATE_LIMIT_PER_KEY: '0',
      RATE_LIMIT_PER_RECIPIENT: '0',
      RATE_LIMIT_PER_TENANT: '0',
      RATE_LIMIT_WRONG_CREDENTIALS: '0',
    });
    client = new Client(suite);
    token = await client.recipient('amina', { email: 'amina@school.example' });
    session = await enter('/v1/admin/session/invitation', { token: ownerToken, password });
    shortSession = await enter('/v1/admin/session', { tenant: 'default', email: 'owner@school.example', password });
    const { json } = await client.call('GET', '/openapi.json');
    components = json.components;
    conformance = new Conformance(json);
    const all = Object.entries<Record<string, any>>(json.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
    operations = all.filter((_, index) => index % parts === part - 1);
    operations.sort((one, other) => endsSessions(one) - endsSessions(other));
  }, 180_000);
  afterAll(() => suite?.close(), 60_000);

  /** Later is more: whoever has signed out everywhere is let in nowhere. */
  const endsSessions = ({ method, path }: Operation): number =>
    method !== 'delete' ? 0 : path === '/v1/admin/session/all' ? 2 : path === '/v1/admin/session' ? 1 : 0;

  async function enter(path: string, body: object): Promise<Record<string, string>> {
    const answer = await fetch(suite.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { csrf_token } = (await answer.json()) as { csrf_token: string };
    const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]!);
    return { cookie: cookies.join('; '), 'x-csrf-token': csrf_token };
  }

  function credentialOf({ method, path, operation }: Operation): Record<string, string> {
    const security = operation.security as Record<string, unknown>[];
    if (path.startsWith('/v1/admin/tenants')) return { authorization: `Bearer ${platformKey}` };
    if (security.some((one) => 'api_key' in one)) return { authorization: `Bearer ${apiKey}` };
    if (security.some((one) => 'recipient_token' in one)) return { authorization: `Bearer ${token}` };
    if (security.length === 0) return {};
    return method === 'delete' && path === '/v1/admin/session' ? shortSession : session;
  }

  /** What parameters of a path are called that exists, or nearly. Whose token is in use is not erased. */
  function usual({ method, path }: Operation, parameter: string): string {
    if (path.startsWith('/v1/admin/tenants')) return 'nobody';
    if (path.startsWith('/v1/recipients/') || path.startsWith('/v1/admin/recipients/'))
      return method === 'delete' ? 'nobody' : 'amina';
    const names: Record<string, string> = {
      channel: 'email',
      key: path.includes('/templates/') ? 'welcome.email.en' : 'lessons',
      type: 'welcome',
      version: '1',
      name: 'own',
      address: 'bo@school.example',
      kid: 'secret',
      file: 'index.html',
      secret: webhookSecret,
    };
    return names[parameter] ?? freshId();
  }

  async function send(operation: Operation, request: HostileRequest): Promise<Outcome> {
    const { path, headers, body } = request;
    const outcome = { operation, request };
    const began = Date.now();
    try {
      const response = await fetch(suite.url + path, {
        method: operation.method.toUpperCase(),
        headers,
        body: body && new Uint8Array(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(longest),
      });
      const { status } = response;
      const text = await response.text();
      const wrong =
        status >= 500
          ? `${status} after ${Date.now() - began} ms: ${text.slice(0, 300)}`
          : response.headers.has('x-injected')
            ? 'a header was injected'
            : conformance.mistakes(operation.method, suite.url + path, { status, headers: response.headers, text })[0];
      const refused =
        [401, 403, 429].includes(status) &&
        /"code":"(unauthorized|forbidden|csrf_token_invalid|too_many_requests)"/.test(text);
      return { ...outcome, status, refused, wrong };
    } catch (error) {
      const { message, cause } = error as Error;
      return {
        ...outcome,
        status: 0,
        wrong: `${message} after ${Date.now() - began} ms ${cause ? String(cause) : ''}`,
      };
    }
  }

  const told = ({ operation, request, wrong }: Outcome): string =>
    [
      `${operation.method.toUpperCase()} ${request.path.slice(0, 300)}`,
      wrong,
      JSON.stringify({ ...request.headers, authorization: undefined, cookie: undefined }).slice(0, 200),
      request.body?.toString('latin1').slice(0, 600) ?? '',
    ].join('\n  ');

  it(
    'are refused or obeyed in time, never with a 500, and always as the document says',
    async () => {
      const waiting = operations.flatMap((operation) =>
        fc
          .sample(
            hostileRequests(operation, components, (name) => usual(operation, name), credentialOf(operation)),
            { seed, numRuns: perRoute },
          )
          .map((request) => ({ operation, request })),
      );
      expect(operations.length * parts).toBeGreaterThan(150);
      const outcomes: Outcome[] = [];
      const next = async (): Promise<void> => {
        for (let one = waiting.shift(); one; one = waiting.shift())
          outcomes.push(await send(one.operation, one.request));
      };
      await Promise.all(Array.from({ length: together }, next));

      const wrong: string[] = [];
      for (const outcome of outcomes.filter((one) => one.wrong !== undefined)) {
        // A machine with too much to do answers 503 to anything; whatever does so by itself is at fault.
        const again = [503, 504].includes(outcome.status) ? await send(outcome.operation, outcome.request) : outcome;
        if (again.wrong !== undefined) wrong.push(told(again));
      }
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });

      const authorized = outcomes.filter(({ request }) => request.authorized);
      const reached = new Set(authorized.filter(({ refused }) => !refused).map(({ operation }) => operation));
      const unreached = operations.filter((operation) => !reached.has(operation));
      expect(unreached.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
      expect(authorized.filter(({ refused }) => refused).length).toBeLessThan(authorized.length / 20);
    },
    minutes * 60_000,
  );

  it('leave an installation that still delivers', async () => {
    const reader = await client.recipient('bo-who-comes-later');
    const content = { title: 'Still here', message: 'All is well' };
    const body = { recipients: ['bo-who-comes-later'], channels: ['in_app'], content };
    const { status } = await client.call('POST', '/v1/events', body);
    expect(status).toBe(202);
    const titles = await until('it is in the inbox', async () => {
      const { json } = await client.call('GET', '/v1/notifications', undefined, reader);
      return json.data?.length > 0 && (json.data as { title: string }[]).map(({ title }) => title);
    });
    expect(titles).toEqual(['Still here']);
  }, 60_000);
});
