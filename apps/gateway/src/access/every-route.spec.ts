import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { RunningService } from '@carillon/service';
import { startTestService, type TestService } from '@carillon/testing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { NEVER } from 'rxjs';
import { Browser } from '../../testing/browser.ts';
import { AppModule } from '../app.module.ts';
import { DescribedRoutes, type DescribedRoute } from '../documents/openapi/described-routes.ts';
import { Members } from '../members/members.ts';
import { service } from '../service.ts';
import { ApiKeys } from './api-keys.ts';
import { RecipientTokens } from './recipient-tokens.ts';
import { isForKeys, leastRole } from './rules.ts';
import { platformScope, roles, scopes, type Role } from './scopes.ts';

const admin = 'ck_development-key-for-tests-only';

/** Answers in the place of every route, behind the guard: who gets here was let in. */
@Injectable()
class LetIn implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp();
    if (http.getRequest<FastifyRequest>().url === '/openapi.json') return next.handle();
    void http.getResponse<FastifyReply>().status(200).send('let in');
    return NEVER;
  }
}

/** What the browser of somebody sends who has accepted an invitation. */
async function member({ app, url }: RunningService, role: Role): Promise<Record<string, string>> {
  const wanted = { email: `${role}@example.org`, name: role, role, by: 'test' };
  const { invitation } = await app.get(Members).invite('default', wanted);
  const browser = new Browser(url);
  await browser.accept(invitation.token, 'correct horse battery staple');
  return { cookie: `carillon_session=${browser.cookie('carillon_session')}`, 'x-csrf-token': browser.csrf! };
}

/** Somebody, by what they send along. */
interface Visitor {
  name: string;
  headers: Record<string, string>;
}

describe('every route', () => {
  let test: TestService;
  let routes: DescribedRoute[];
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    test = await startTestService(
      {
        ...service,
        http: async (app) => {
          await service.http?.(app);
          app.useGlobalInterceptors(new LetIn());
        },
      },
      { DEV_API_KEY: admin },
    );
    const { app } = test.running;
    routes = app.get(DescribedRoutes).all();
    const bearer = (name: string, credential: string) =>
      visitors.push({ name, headers: { authorization: `Bearer ${credential}` } });
    visitors.push({ name: 'nobody', headers: {} });
    for (const scope of [...scopes, platformScope])
      bearer(`key ${scope}`, await app.get(ApiKeys).create('default', scope, [scope]));
    bearer('recipient', (await app.get(RecipientTokens).mint('default', 'amina')).token);
    // Members sign in at a replica that does answer.
    const open = await startTestService(service, {}, { database: test.database, broker: test.broker });
    for (const role of roles) visitors.push({ name: role, headers: await member(open.running, role) });
    await open.close();
  });

  afterAll(() => test.close());

  /** Who is let in, of all visitors. A refusal is 401 for nobody and 403 for somebody, and nothing else. */
  async function letIn({ method, path }: DescribedRoute): Promise<string[]> {
    const url = test.running.url + path.replaceAll(/\{\w+\}/g, 'x');
    const seen = await Promise.all(
      visitors.map(async ({ name, headers }) => {
        const { status } = await fetch(url, { method: method.toUpperCase(), headers, redirect: 'manual' });
        const refused = name === 'nobody' ? 401 : 403;
        if (status !== 200) expect({ method, path, name, status }).toEqual({ method, path, name, status: refused });
        return status === 200 ? [name] : [];
      }),
    );
    return seen.flat();
  }

  /** Who the API document says may use a route. */
  function named(security: Record<string, string[]>[]): string[] {
    if (security.length === 0) return visitors.map(({ name }) => name);
    const may = new Set<string>();
    for (const { api_key, session, recipient_token } of security) {
      if (recipient_token) may.add('recipient');
      if (api_key) may.add(`key ${api_key[0]}`).add(api_key[0] === platformScope ? '' : 'key admin');
      if (session) for (const role of roles.slice(roles.indexOf(session[0] as Role))) may.add(role);
    }
    return visitors.map(({ name }) => name).filter((name) => may.has(name));
  }

  it('lets in whom the API document names, and refuses everybody else', async () => {
    const { paths } = (await (await fetch(`${test.running.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { security: Record<string, string[]>[] }>>;
    };
    expect(routes.length).toBeGreaterThan(100);
    for (const route of routes) {
      if (route.path === '/openapi.json') continue;
      const { method, path } = route;
      const { security } = paths[path]![method]!;
      expect({ method, path, letIn: await letIn(route) }).toEqual({ method, path, letIn: named(security) });
    }
  });

  it('that is open to all is a page, a signed link, a webhook or the way in', () => {
    const open = routes.filter(({ rule }) => rule!.access === 'public').map(({ path }) => path);
    const expected =
      /^\/(v1\/admin\/session(\/(ways|invitation|openid|openid\/callback))?|admin|docs|openapi\.json|asyncapi\.json|[ocu]\/\{\w+\}|webhooks\/.*)(\/\{file\})?$/;
    expect(open.filter((path) => !expected.test(path))).toEqual([]);
  });

  it('for admins is one for members too, of whom viewers change nothing', () => {
    const forAdmins = routes.filter(({ rule }) => rule!.access === 'admin');
    expect(forAdmins.length).toBeGreaterThan(50);
    const roleOf = ({ rule, method }: DescribedRoute) => leastRole(rule!, method);
    expect(forAdmins.filter((route) => !roleOf(route)).map(({ path }) => path)).toEqual([]);
    const keyed = routes.filter(({ rule }) => isForKeys(rule!));
    const byViewers = keyed.filter((route) => route.method !== 'get' && roleOf(route) === 'viewer');
    expect(byViewers.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'post /v1/admin/templates/{key}/preview',
      'post /v1/events/dry-run',
    ]);
  });

  it('by which others get in or lose their way in is for owners, and one’s own session for nobody but members', () => {
    const keys = /^\/v1\/admin\/(api-keys|tokens|members|session|providers|caps)\b/;
    const roleOf = ({ method, path, rule }: DescribedRoute) => ({ path, role: leastRole(rule!, method) });
    const guarded = routes.filter(({ path, rule }) => keys.test(path) && rule!.access !== 'public');
    expect(guarded.length).toBeGreaterThan(20);
    for (const route of guarded.filter(({ method, rule }) => method !== 'get' && rule!.access === 'admin'))
      expect(roleOf(route)).toEqual({ path: route.path, role: 'owner' });
    const own = guarded.filter(({ path }) => path.startsWith('/v1/admin/session'));
    expect(own.map(({ rule }) => rule!.access)).toEqual(own.map(() => 'member'));
  });

  it('names who may use it, or the gateway does not start', async () => {
    @Controller('v1/forgotten')
    class ForgottenController {
      @Get()
      get(): string {
        return 'for nobody';
      }
    }
    @Module({ imports: [AppModule], controllers: [ForgottenController] })
    class Careless {}
    const careless = startTestService({ ...service, module: () => Careless }, {});
    await expect(careless).rejects.toThrow('@Allow is missing, so nobody knows who may use: GET /v1/forgotten');
  });
});
