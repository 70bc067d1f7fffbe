import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

interface Route {
  method: string;
  path: string;
  operation: any;
}

/** Routes whose ids are names that every tenant gives itself: with another’s name a tenant makes something of its own. */
const makesItsOwn = [
  'put /v1/admin/caps/{channel}',
  'put /v1/admin/categories/{key}',
  'put /v1/admin/layouts/{key}',
  'put /v1/admin/partials/{key}',
  'put /v1/admin/providers/{channel}/{name}',
  'put /v1/admin/samples/{type}',
  'put /v1/admin/sources/{key}',
  'put /v1/admin/templates/{key}',
  'put /v1/admin/types/{key}',
  'put /v1/recipients/{id}',
];

/** Routes that answer something else than 404 for what nobody has, the same as for what another tenant has. */
const otherwise: Record<string, number> = {
  // There is nothing to publish, whether anybody has a template of that name or not.
  'post /v1/admin/templates/{key}/publish': 409,
  // Whatever has no sample has an empty one.
  'get /v1/admin/samples/{type}': 200,
  'delete /v1/admin/samples/{type}': 200,
};

/** Routes that name nobody's thing by the parameter alone: a channel is everyone's. */
const namesNothing = /^\/v1\/admin\/(caps|deliveries|providers)\/\{channel\}(\/stats|\/retry)?$/;

/** What stands in no tenant’s name: signed links, webhooks of providers, pages. Tenants are for whoever runs the installation. */
const ofNoTenant = /^\/(webhooks|u|o|c|docs|admin)\/|^\/v1\/admin\/tenants/;

/** Everything that a tenant has is asked for by another one, by every route that the API document names. */
describe('the id of another tenant', () => {
  let suite: Suite;
  let client: Client;
  let routes: Route[];
  const platformKey = 'ck_end-to-end-platform-0123456789';
  const keys: Record<string, string> = {};
  const tokens: Record<string, string> = {};
  /** What one of the school's is called, by the beginning of the path and the parameter. */
  const ids: [prefix: string, name: string, id: string][] = [];
  /** Stands in everything that the school has. */
  const canary = 'c4n4ry-of-the-school';

  const call = (tenant: string, method: string, path: string, body?: unknown, credential = keys[tenant]) =>
    client.call(method.toUpperCase(), path, body, credential);
  const done = async (method: string, path: string, body?: unknown, credential?: string): Promise<any> => {
    const { status, json } = await call('school', method, path, body, credential);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  };
  const sql = async (text: string): Promise<any> => (await suite.database.query(text))[0];

  beforeAll(async () => {
    suite = await startSuite({ PLATFORM_API_KEY: platformKey });
    client = new Client(suite);
    for (const id of ['school', 'shop']) {
      const created = await client.call('POST', '/v1/admin/tenants', { id, name: id }, platformKey);
      keys[id] = created.json.api_key.key;
      await call(id, 'put', '/v1/recipients/amina', {
        name: id === 'school' ? canary : 'Amina',
        email: `amina@${id}.example`,
      });
      tokens[id] = (await call(id, 'post', '/v1/recipients/amina/tokens')).json.token;
    }
    const { paths } = (await client.call('GET', '/openapi.json')).json;
    routes = Object.entries<Record<string, any>>(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
    );
    await fill();
  }, 180_000);
  afterAll(() => suite?.close(), 60_000);

  /** The school has one of everything. */
  async function fill(): Promise<void> {
    const known = (prefix: string, name: string, id: string) => void ids.push([prefix, name, id]);
    const bo = 'bo-of-the-school';
    await done('put', `/v1/recipients/${bo}`, { name: canary, email: 'bo@school.example' });
    known('/v1/recipients', 'id', bo);
    known('/v1/admin/recipients', 'id', bo);
    await done('put', '/v1/admin/categories/lessons', { name: canary });
    await done('put', '/v1/admin/types/lesson_moved', {
      category: 'lessons',
      channels: ['in_app', 'email'],
      description: canary,
      templates: { en: { in_app: { title: canary, message: canary }, email: { subject: canary, body: canary } } },
    });
    await done('put', '/v1/admin/sources/lessons', { exchange: `school.${suite.broker.prefix}`, routing_keys: ['#'] });
    for (const part of ['categories', 'sources']) known(`/v1/admin/${part}`, 'key', 'lessons');
    known('/v1/admin/types', 'key', 'lesson_moved');
    known('/v1/admin/samples', 'type', 'lesson_moved');
    known('/v1/admin/templates', 'key', 'lesson_moved.email.en');
    known('/v1/admin/templates', 'version', '1');
    await done('put', '/v1/admin/samples/lesson_moved', { data: { note: canary } });
    await done('put', '/v1/admin/layouts/letter', {
      mjml: `<mjml><mj-body><mj-section><mj-column>[[body]]<mj-text>${canary}</mj-text></mj-column></mj-section></mj-body></mjml>`,
    });
    await done('put', '/v1/admin/partials/greeting', { text: canary });
    known('/v1/admin/layouts', 'key', 'letter');
    known('/v1/admin/partials', 'key', 'greeting');
    const schedule = await done('post', '/v1/admin/schedules', {
      name: canary,
      cron: '0 8 * * 1',
      time_zone: 'UTC',
      event: { content: { title: canary, message: canary }, audience: { all: true } },
    });
    known('/v1/admin/schedules', 'id', schedule.id);
    await done('post', '/v1/admin/suppressions', { channel: 'email', address: 'never@school.example', note: canary });
    known('/v1/admin/suppressions', 'address', 'never@school.example');
    known(
      '/v1/admin/api-keys',
      'id',
      (await done('post', '/v1/admin/api-keys', { name: canary, scopes: ['events:write'] })).id,
    );
    known(
      '/v1/admin/members',
      'id',
      (await done('post', '/v1/admin/members', { email: 'o@school.example', name: canary, role: 'viewer' })).id,
    );
    await done('put', '/v1/admin/providers/email/own', {
      kind: 'smtp',
      enabled: false,
      settings: { from: 'a@school.example', host: 'mail.school.example' },
      secrets: { password: canary },
    }).catch((error: Error) => console.error(error.message));
    known('/v1/admin/providers', 'name', 'own');
    known('/v1/admin/providers', 'channel', 'email');
    const secret = await done('post', '/v1/admin/tokens/secrets', {}).catch((error: Error) =>
      console.error(error.message),
    );
    known('/v1/admin/tokens', 'kid', secret?.kid ?? canary);

    const { id: event, notifications } = await done('post', '/v1/events', {
      type: 'lesson_moved',
      recipients: ['amina'],
      data: { note: canary },
    });
    await done('post', '/v1/events', {
      type: 'lesson_moved',
      recipients: ['amina'],
      data: {},
      send_at: '2099-01-01T00:00:00Z',
    });
    client.publish('no.such', {
      specversion: '1.0',
      id: freshId(),
      source: '/f',
      type: 'no.such',
      tenant: 'school',
      data: { canary },
    });
    await client.arrived('amina@school.example', 'email');
    known('/v1/events', 'id', event);
    known('/v1/notifications', 'id', notifications[0].id);
    const found = await until('all is there', async () => {
      const timer = await sql(`SELECT timer_id AS id FROM scheduler.timers WHERE tenant = 'school' AND kind = 'event'`);
      const letter = await sql(`SELECT id FROM gateway.dead_letters WHERE tenant = 'school'`);
      const delivery = await sql(`SELECT id FROM email_sender.deliveries WHERE tenant = 'school' AND status = 'sent'`);
      const action = await sql(`SELECT id FROM gateway.audit_log WHERE tenant = 'school' AND step = 'ended'`);
      return timer && letter && delivery && action && { timer, letter, delivery, action };
    });
    known('/v1/admin/timers', 'id', found.timer.id);
    known('/v1/admin/dead-letters', 'id', found.letter.id);
    known('/v1/admin/deliveries', 'id', found.delivery.id);
    known('/v1/admin/deliveries', 'channel', 'email');
    known('/v1/admin/suppressions', 'channel', 'email');
    known('/v1/admin/caps', 'channel', 'email');
    known('/v1/admin/audit-log', 'id', found.action.id);
    const webhook = await done('post', '/v1/admin/webhooks', { url: `https://api.example.org/${canary}`, events: [] });
    known('/v1/admin/webhooks', 'id', webhook.id);
    for (const prefix of ['/v1/admin/experiments', '/v1/admin/digests', '/v1/admin/retention'])
      known(prefix, 'id', freshId());
    known('/v1/admin/webhooks', 'message', freshId());
  }

  function filled({ method, path }: Route): string {
    const query = path.endsWith('/diff') ? '?from=1&to=1' : '';
    const whole = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const [, , id] = ids.find(([prefix, of]) => path.startsWith(prefix) && of === name) ?? [];
      // A new route: say above what one of the school's is called there.
      if (id === undefined) throw new Error(`nobody knows an id for {${name}} of ${method} ${path}`);
      return encodeURIComponent(id);
    });
    return whole + query;
  }

  /** What the school has, table by table, without what its own sign-ins and limits leave behind. */
  async function holdings(): Promise<Record<string, string>> {
    const tables = await suite.database.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('rate_windows', 'api_keys', 'rate_budgets')
         AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped)
       ORDER BY 1`,
    );
    const found: Record<string, string> = {};
    for (const { name } of tables)
      found[name] = (
        await sql(
          `SELECT coalesce(string_agg(md5(t::text), ' ' ORDER BY md5(t::text)), '') AS rows FROM ${name} t WHERE tenant = 'school'`,
        )
      ).rows;
    return found;
  }

  it('is answered like one that does not exist, by every route that takes one, and nothing of it changes', async () => {
    let before = await holdings();
    await until('nothing is on its way any more', async () => {
      const now = await holdings();
      const same = JSON.stringify(now) === JSON.stringify(before);
      before = now;
      return same;
    });
    const named = routes.filter(({ path }) => path.includes('{') && !ofNoTenant.test(path) && !namesNothing.test(path));
    expect(named.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    // What makes something of the asker's own comes last: afterwards the name is theirs, too.
    const isLast = ({ method, path }: Route) => Number(makesItsOwn.includes(`${method} ${path}`));
    for (const route of named.sort((one, other) => isLast(one) - isLast(other))) {
      const { method, path, operation } = route;
      const byRecipient = operation.security.some((one: object) => 'recipient_token' in one);
      const credential = byRecipient ? tokens.shop : keys.shop;
      const { example } = operation.requestBody?.content['application/json'] ?? {};
      const body = operation.requestBody ? (example ?? {}) : undefined;
      const { status, json } = await call('shop', method, filled(route), body, credential);
      const name = `${method} ${path}`;
      const fine = makesItsOwn.includes(name) ? status < 500 : status === (otherwise[name] ?? 404);
      if (!fine) wrong.push(`${name}: ${status} ${JSON.stringify(json).slice(0, 300)}`);
      if (JSON.stringify(json).includes(canary)) wrong.push(`${name} tells of it`);
    }
    expect(wrong).toEqual([]);
    expect(await holdings()).toEqual(before);
  });

  it('exists: its own tenant reads what another one was told does not', async () => {
    const wrong: string[] = [];
    const unknown = /\/(experiments|digests|retention\/runs|messages)\//;
    for (const route of routes) {
      const { method, path, operation } = route;
      if (method !== 'get' || !path.includes('{') || ofNoTenant.test(path) || unknown.test(path)) continue;
      const byRecipient = operation.security.some((one: object) => 'recipient_token' in one);
      const { status, json } = await call(
        'school',
        method,
        filled(route),
        undefined,
        byRecipient ? tokens.school : keys.school,
      );
      if (status !== 200) wrong.push(`${path}: ${status} ${JSON.stringify(json).slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
  });

  it('finds nothing as a filter, and no list tells of it', async () => {
    const wrong: string[] = [];
    const value: Record<string, string> = {
      recipient: 'bo-of-the-school',
      q: canary,
      type: 'lesson_moved',
      category: 'lessons',
    };
    for (const { method, path, operation } of routes) {
      if (method !== 'get' || path.includes('{') || !path.startsWith('/v1/') || ofNoTenant.test(path)) continue;
      const byRecipient = operation.security.some((one: object) => 'recipient_token' in one);
      const credential = byRecipient ? tokens.shop : keys.shop;
      const filters = (operation.parameters ?? []).filter((one: any) => one.in === 'query' && one.name in value);
      const queries = ['', ...filters.map((one: any) => `?${one.name}=${encodeURIComponent(value[one.name]!)}`)];
      for (const query of queries) {
        const headers = { authorization: `Bearer ${credential}` };
        const text = await (await fetch(suite.url + path + query, { headers })).text();
        if (text.includes(canary)) wrong.push(`${path}${query} tells of it`);
        if (/[?](recipient|q)=/.test(query) && /"data":\s*\[\s*\{/.test(text))
          wrong.push(`${path}${query} finds ${text.slice(0, 200)}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
