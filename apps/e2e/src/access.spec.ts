import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until, VendorDouble } from '@carillon/testing';
import { io, type Socket } from 'socket.io-client';
import { Client } from './client.ts';
import { startSuite, type ServiceProcess, type Suite } from './suite.ts';

const ownerToken = 'invitation-of-the-first-owner-0123456789';
const password = 'correct horse battery staple';
const session = '/v1/admin/session';

interface Answer {
  status: number;
  json: any;
}

/** Somebody in front of a console: the cookies, and the CSRF token that the gateway has told. */
class Person {
  private readonly cookies = new Map<string, string>();
  private csrf = '';

  constructor(public url: string) {}

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        'x-csrf-token': this.csrf,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      this.cookies.set(name!, value!);
    }
    const json = (await response.json()) as any;
    if (json.csrf_token) this.csrf = json.csrf_token;
    return { status: response.status, json };
  }

  /** Everything that must stay between the two. */
  get secrets(): string[] {
    return [...this.cookies.values(), this.csrf];
  }
}

/** Access to a whole installation with two replicas of the gateway, through its public API alone. */
describe('access', () => {
  let suite: Suite;
  let client: Client;
  let identities: VendorDouble;
  let gateways: ServiceProcess[];
  let owner: Person;

  beforeAll(async () => {
    identities = await VendorDouble.start();
    suite = await startSuite({
      FIRST_OWNER_EMAIL: 'owner@school.example',
      FIRST_OWNER_TOKEN: ownerToken,
      ALLOW_PRIVATE_URLS: '127.0.0.1',
      // It is asked again and again until somebody is let in, or is not any more.
      RATE_LIMIT_WRONG_CREDENTIALS: '0',
    });
    client = new Client(suite);
    gateways = [suite.processes.find(({ name }) => name === 'gateway')!, await suite.start('gateway')];
  }, 90_000);

  afterAll(async () => {
    await suite?.close();
    await identities?.close();
  }, 60_000);

  const at = (replica: number) => `http://127.0.0.1:${gateways[replica]!.port}`;
  const byKey = (method: string, path: string, body: unknown, credential: string) =>
    client.call(method, path, body, credential);
  const onReplica = async (replica: number, path: string, credential: string): Promise<number> =>
    (await fetch(at(replica) + path, { headers: { authorization: `Bearer ${credential}` } })).status;

  async function invited(role: string): Promise<Person> {
    const { status, json } = await owner.call('POST', '/v1/admin/members', { email: `${role}@school.example`, role });
    expect(status).toBe(201);
    const person = new Person(at(1));
    const token = json.invitation.url.split('/').at(-1);
    expect((await person.call('POST', `${session}/invitation`, { token, password })).status).toBe(201);
    return person;
  }

  it('begins with an owner who comes by a setting, and whose session every replica knows', async () => {
    owner = new Person(at(0));
    const entered = await owner.call('POST', `${session}/invitation`, { token: ownerToken, password, name: 'Amina' });
    expect(entered).toMatchObject({ status: 201, json: { member: { role: 'owner' }, tenant: 'default' } });
    owner.url = at(1);
    expect((await owner.call('GET', session)).json.member.email).toBe('owner@school.example');
  });

  it('is given to a server by a key of its own, which sends and does nothing else', async () => {
    const { status, json } = await owner.call('POST', '/v1/admin/api-keys', {
      name: 'billing',
      scopes: ['events:write', 'recipients:write'],
    });
    expect(status).toBe(201);
    const { key, id } = json;
    await byKey('PUT', '/v1/recipients/parent-1', { name: 'Bo', email: 'bo.access@example.org' }, key);
    const content = {
      recipients: ['parent-1'],
      content: { title: 'Welcome', message: 'To the school' },
      channels: ['email'],
    };
    expect((await byKey('POST', '/v1/events', content, key)).status).toBe(202);
    await client.arrived('bo.access@example.org', 'email');
    for (const path of ['/v1/admin/members', '/v1/admin/api-keys', '/v1/admin/catalog'])
      expect((await byKey('GET', path, undefined, key)).status).toBe(403);

    // Its successor works beside it, and it can be taken away from all replicas.
    const rotated = await owner.call('POST', `/v1/admin/api-keys/${id}/rotate`, { overlap_seconds: 3600 });
    for (const replica of [0, 1])
      for (const each of [key, rotated.json.key])
        expect(await onReplica(replica, '/v1/recipients/parent-1', each)).toBe(200);
    expect((await owner.call('DELETE', `/v1/admin/api-keys/${id}`)).json.state).toBe('revoked');
    for (const replica of [0, 1])
      await until('it is revoked', async () => (await onReplica(replica, '/v1/recipients/parent-1', key)) === 401);
    expect(await onReplica(0, '/v1/recipients/parent-1', rotated.json.key)).toBe(200);
  });

  it('is limited for members by their role', async () => {
    const [viewer, support, editor] = [await invited('viewer'), await invited('support'), await invited('editor')];
    const suppression = { channel: 'email', address: 'gone@example.org' };
    const category = { title: 'School life', order: 1 };
    const tries: [string, string, unknown, Person[]][] = [
      ['GET', '/v1/admin/deliveries/email', undefined, [viewer, support, editor, owner]],
      ['GET', '/v1/recipients/parent-1', undefined, [viewer, support, editor, owner]],
      ['POST', '/v1/admin/suppressions', suppression, [support, editor, owner]],
      ['PUT', '/v1/admin/categories/school_life', category, [editor, owner]],
      ['GET', '/v1/admin/api-keys', undefined, [owner]],
      ['POST', '/v1/admin/members', { email: 'next@school.example', role: 'viewer' }, [owner]],
      // Whoever has a recipient's token is the recipient: not for people.
      ['POST', '/v1/recipients/parent-1/tokens', undefined, []],
    ];
    for (const [method, path, body, allowed] of tries)
      for (const person of [viewer, support, editor, owner]) {
        const { status } = await person.call(method, path, body);
        expect({ method, path, status, may: status !== 403 }).toMatchObject({ may: allowed.includes(person) });
      }
  });

  it('ends for a member who is signed out everywhere, or removed', async () => {
    const { json } = await owner.call('GET', '/v1/admin/members');
    const { id } = json.data.find(({ role }: any) => role === 'editor');
    const people = await Promise.all(
      [0, 1].map(async (replica) => {
        const person = new Person(at(replica));
        const credentials = { email: 'editor@school.example', password };
        expect((await person.call('POST', session, credentials)).status).toBe(201);
        return person;
      }),
    );
    expect((await owner.call('DELETE', `/v1/admin/members/${id}/sessions`)).json.ended).toBe(3);
    for (const person of people) expect((await person.call('GET', session)).status).toBe(401);
    expect((await people[0]!.call('POST', session, { email: 'editor@school.example', password })).status).toBe(201);
    expect((await owner.call('DELETE', `/v1/admin/members/${id}`)).status).toBe(200);
    expect((await people[0]!.call('GET', session)).status).toBe(401);
    expect((await people[1]!.call('POST', session, { email: 'editor@school.example', password })).status).toBe(401);
  });

  const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => ({
    sub: 'parent-1',
    tenant: 'default',
    aud: 'carillon',
    exp: Math.floor(Date.now() / 1000) + 600,
  });

  it('is given to an app by a token that the tenant’s own server signs, over HTTP and WebSocket, until its secret goes', async () => {
    const { json } = await owner.call('POST', '/v1/admin/tokens/secrets', { kid: 'app' });
    const signed = `${base64({ alg: 'HS256', kid: 'app' })}.${base64(claims())}`;
    const token = `${signed}.${createHmac('sha256', json.secret).update(signed).digest('base64url')}`;
    for (const replica of [0, 1]) expect(await onReplica(replica, '/v1/notifications', token)).toBe(200);
    expect(await onReplica(0, '/v1/admin/catalog', token)).toBe(403);
    const socket: Socket = io(at(0), { path: '/realtime', transports: ['websocket'], auth: { token }, forceNew: true });
    try {
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
    } finally {
      socket.disconnect();
    }
    expect((await owner.call('DELETE', '/v1/admin/tokens/secrets/app')).status).toBe(200);
    for (const replica of [0, 1])
      await until('it opens nothing', async () => (await onReplica(replica, '/v1/notifications', token)) === 401);
    const refused = io(at(0), { path: '/realtime', transports: ['websocket'], auth: { token }, forceNew: true });
    try {
      const error = await new Promise<any>((resolve) => refused.once('connect_error', resolve));
      expect(error.data).toEqual({ code: 'unauthorized' });
    } finally {
      refused.disconnect();
    }
  });

  it('is given to an app by a token of the tenant’s identity provider, whose keys are looked up', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'id-1', alg: 'RS256', use: 'sig' };
    identities.answer = { status: 200, body: { keys: [jwk] } };
    const set = await owner.call('PUT', '/v1/admin/tokens/key-set', { url: `${identities.url}/jwks.json` });
    expect(set.status).toBe(200);
    const signed = `${base64({ alg: 'RS256', kid: 'id-1' })}.${base64(claims())}`;
    const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const token = `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    for (const replica of [0, 1])
      await until('it is known', async () => (await onReplica(replica, '/v1/notifications', token)) === 200);
    expect(await onReplica(0, '/v1/notifications', `${token.slice(0, -8)}AAAAAAAA`)).toBe(401);
  });

  it('leaves no secret behind in any table', async () => {
    const { json } = await owner.call('POST', '/v1/admin/api-keys', { name: 'last', scopes: ['admin'] });
    const secret = await owner.call('POST', '/v1/admin/tokens/secrets', { kid: 'last' });
    const secrets = [json.key, secret.json.secret, password, ownerToken, ...owner.secrets];
    const tables = await suite.database.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const rows = await suite.database.query(
        `SELECT FROM ${name} AS row WHERE EXISTS (SELECT FROM unnest($1::text[]) AS one WHERE strpos(row::text, one) > 0) LIMIT 1`,
        [secrets],
      );
      expect({ name, found: rows.length }).toEqual({ name, found: 0 });
    }
  });
});
