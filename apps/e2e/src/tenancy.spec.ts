import { glob, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as contracts from '@carillon/contracts';
import { requestsDatabaseUrl, schemaOf } from '@carillon/persistence';
import { testDatabase, testSecret, type TestDatabase } from '@carillon/testing';
import pg from 'pg';

const root = resolve(import.meta.dirname, '../../..');
const built = (path: string) => import(pathToFileURL(resolve(root, path)).href);

interface Table {
  schema: string;
  name: string;
  comment: string | null;
  has_tenant: boolean;
  partition: boolean;
  walled: boolean;
  policies: string[];
}

/** What the databases of all services say of themselves, as they are migrated. */
describe('the wall between tenants', () => {
  let database: TestDatabase;
  let services: string[];
  let tables: Table[];
  const clients = new Map<string, pg.Client>();

  beforeAll(async () => {
    const tools = await built('tools/services.mjs');
    services = tools.services.filter((service: any) => service.database).map(({ name }: { name: string }) => name);
    const migrations = await Promise.all(
      services.map(async (name) => [name, (await built(`apps/${name}/dist/migrations/index.js`)).migrations] as const),
    );
    database = await testDatabase(Object.fromEntries(migrations), { ownRoles: true });
    for (const name of services) {
      const url = requestsDatabaseUrl(database.url(name), testSecret);
      const client = new pg.Client({ connectionString: url, options: `-c search_path=${schemaOf(name)}` });
      await client.connect();
      clients.set(schemaOf(name), client);
    }
    tables = await database.query<Table>(
      `SELECT n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment, c.relispartition AS partition,
         EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped) AS has_tenant,
         c.relrowsecurity AND c.relforcerowsecurity AS walled,
         ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)' ORDER BY 1, 2`,
    );
    // What the rows say is not the point, so that whatever fits the columns will do.
    await database.query(
      `DO $$ DECLARE one record; BEGIN
         FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint WHERE contype IN ('c', 'f')
             AND connamespace::regnamespace::text = ANY (string_to_array('${services.map(schemaOf)}', ',')) AND coninhcount = 0 LOOP
           EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', one.place, one.conname);
         END LOOP;
       END $$`,
    );
    for (const table of own()) for (const tenant of ['school', 'shop', '']) await put(table, tenant);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...clients.values()].map((client) => client.end()));
    await database?.drop();
  });

  const nameOf = ({ schema, name }: Table) => `${schema}.${name}`;
  const own = () => tables.filter(({ has_tenant, partition }) => has_tenant && !partition);

  /** One row for somebody, whatever the columns are. */
  async function put(table: Table, tenant: string): Promise<void> {
    const columns = await database.query<{ name: string; type: string; needed: boolean }>(
      `SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS needed
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
         AND attidentity = '' AND attname <> 'tenant' ORDER BY attnum`,
      [nameOf(table)],
    );
    const needed = columns.filter(({ needed }) => needed);
    const values = needed.map(({ type }) => {
      if (type === 'uuid') return 'gen_random_uuid()';
      if (type.startsWith('timestamp')) return 'now()';
      if (type.endsWith('[]') || type.startsWith('json')) return `'{}'`;
      if (type === 'bytea') return `sha256('${tenant}')`;
      if (type === 'boolean') return 'false';
      return /int|numeric|double|real/.test(type) ? '1' : `'x of ${tenant}'`;
    });
    const names = ['tenant', ...needed.map(({ name }) => name)];
    await database.query(`INSERT INTO ${nameOf(table)} (${names}) VALUES (${[`'${tenant}'`, ...values]})`);
  }

  it('stands around every table that has a tenant; every other table says why all may share it', () => {
    expect(new Set(tables.map(({ schema }) => schema))).toEqual(new Set(services.map(schemaOf)));
    const policies = ['pipeline', 'requests_of_installation', 'requests_of_tenant'];
    for (const table of own())
      expect([nameOf(table), table.walled, table.policies]).toEqual([nameOf(table), true, policies]);
    expect(own().length).toBeGreaterThan(40);
    const others = tables.filter(({ has_tenant, name }) => !has_tenant && name !== 'migrations');
    for (const table of others)
      expect([nameOf(table), table.comment]).toEqual([
        nameOf(table),
        expect.stringMatching(/^shared by all tenants(, read only)?: \S/),
      ]);
    // Growing this list is a decision: what is in these tables must be no tenant's.
    expect(others.map(nameOf)).toEqual([
      'gateway.sign_in_attempts',
      'gateway.signed_tokens',
      'preferences.source_bindings',
      'scheduler.retention_clock',
    ]);
  });

  it('leaves requests no way around: no partition, no record of migrations, no other role, no other schema', async () => {
    const [{ roles }] = await database.query(
      `SELECT json_agg(json_build_object('name', rolname, 'free', rolsuper OR rolbypassrls OR rolcreaterole)) AS roles
       FROM pg_roles WHERE starts_with(rolname, $1)`,
      [`${database.name}_`],
    );
    expect(roles).toHaveLength(2 * services.length);
    expect(roles.filter(({ free }: any) => free)).toEqual([]);
    for (const [schema, client] of clients) {
      const { rows } = await client.query(
        `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'
           AND (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))
         ORDER BY 1`,
      );
      const reachable = tables.filter(
        (table) => table.schema === schema && !table.partition && table.name !== 'migrations',
      );
      expect([schema, rows.map(({ name }) => name)]).toEqual([schema, reachable.map(nameOf)]);
      const { rows: member } = await client.query(
        `SELECT rolname FROM pg_roles WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER')
           AND starts_with(rolname, current_database())`,
      );
      expect([schema, member]).toEqual([schema, []]);
    }
  });

  it('shows no rows of others in any table, and none at all while nobody has said whose request it is', async () => {
    for (const table of own()) {
      const client = clients.get(table.schema)!;
      const seen = async (tenant: string | undefined) => {
        await client.query('BEGIN');
        if (tenant !== undefined) await client.query(`SELECT set_config('carillon.tenant', $1, true)`, [tenant]);
        const { rows } = await client.query(`SELECT DISTINCT tenant FROM ${nameOf(table)} ORDER BY 1`);
        await client.query('COMMIT');
        return rows.map((row) => row.tenant);
      };
      const all = [
        await seen(undefined),
        await seen('school'),
        await seen('shop'),
        await seen('third'),
        await seen(''),
      ];
      const expected = [[], ['', 'school'], ['', 'shop'], [''], []];
      expect([nameOf(table), all]).toEqual([nameOf(table), expected]);
    }
  });

  it('lets nothing of others, nor of the installation, be written, moved or deleted in any table', async () => {
    for (const table of own()) {
      const client = clients.get(table.schema)!;
      const tried = async (sql: string) => {
        await client.query('BEGIN');
        await client.query(`SELECT set_config('carillon.tenant', 'school', true)`);
        const end = await client.query(sql).then(
          ({ rowCount }) => String(rowCount),
          ({ code }) => code,
        );
        await client.query('ROLLBACK');
        return end;
      };
      const row = `SELECT * FROM json_populate_record(null::${nameOf(table)}, (
        SELECT (to_jsonb(t) || '{"tenant": "shop"}')::json FROM ${nameOf(table)} t WHERE tenant = 'school'))`;
      const ends = {
        inserted: await tried(`INSERT INTO ${nameOf(table)} OVERRIDING SYSTEM VALUE ${row}`),
        moved: await tried(`UPDATE ${nameOf(table)} SET tenant = 'shop' WHERE tenant = 'school'`),
        given: await tried(`UPDATE ${nameOf(table)} SET tenant = '' WHERE tenant = 'school'`),
        changed: await tried(`UPDATE ${nameOf(table)} SET tenant = tenant WHERE tenant IN ('shop', '')`),
        deleted: await tried(`DELETE FROM ${nameOf(table)} WHERE tenant IN ('shop', '')`),
      };
      // Some have no right to change or delete anything, such as the audit log.
      const nothing = expect.stringMatching(/^(0|42501)$/);
      const refused = { inserted: '42501', moved: '42501', given: '42501', changed: nothing, deleted: nothing };
      expect([nameOf(table), ends]).toEqual([nameOf(table), refused]);
    }
  });

  it('is behind every question: each names its tenant, or sees no rows', () => {
    const questions = (Object.values(contracts) as unknown[]).filter(
      (contract): contract is contracts.RpcContract<unknown, unknown> =>
        typeof contract === 'object' && contract !== null && 'service' in contract && 'request' in contract,
    );
    expect(questions.length).toBeGreaterThan(100);
    const without = questions.filter(({ example }) => typeof (example.request as any).tenant !== 'string');
    // The scheduler asks for it at a time of its own; what it does is work of the service.
    expect(without.map(({ name }) => name)).toEqual(['retention.tend.v1']);
  });

  it('has only these doors, for work of the service that a request sets off', async () => {
    const doors: string[] = [];
    for await (const file of glob('{apps,libs}/*/src/**/*.ts', { cwd: root })) {
      if (/\.spec\.ts$|^libs\/persistence\//.test(file)) continue;
      if (/outsideRequests\(/.test(await readFile(resolve(root, file), 'utf8'))) doors.push(file);
    }
    expect(doors.sort()).toEqual(Object.keys(reasons).sort());
  });
});

/** Why each use of `outsideRequests` may see the rows of all tenants. */
const reasons: Record<string, string> = {
  'apps/gateway/src/access/access.guard.ts': 'whose a credential is shows whose request it is',
  'apps/gateway/src/health/health.ts': 'whoever runs the installation sees how much waits of all tenants, as numbers',
  'apps/gateway/src/limits/windows.ts': 'the windows of all keys are counted together, in the background',
  'apps/gateway/src/outbox/outbox.ts': 'drains the events of all tenants',
  'apps/gateway/src/sessions/session.controller.ts': 'somebody who signs in is nobody yet',
  'apps/gateway/src/tenants/tenant-store.ts': 'whoever runs the installation sees the list of its tenants',
  'apps/preferences/src/catalog/catalog-announcer.ts': 'tells of the catalogs that any replica left untold',
  'apps/preferences/src/erasure/announcing.ts': 'tells of the erasures that any replica left untold',
  'apps/scheduler/src/firing/alarm.ts': 'wakes the loop that fires the timers of all tenants',
  'libs/delivery/src/admission/suspension.ts':
    'a tenant that is resumed is told to every replica, which brings forward what waits',
  'libs/delivery/src/providers/breaker-board.ts': 'a replica writes what it sees of all providers at once',
  'libs/service/src/database.ts': 'asks whether the database is there',
  'libs/service/src/repeating.ts': 'what a service does again and again is its own work',
  'libs/service/src/retention/retention.module.ts': 'what is too old goes for all tenants',
  'libs/service/src/run-service.ts': 'asks whether the database is there',
};
