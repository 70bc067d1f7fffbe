import pg from 'pg';
import { tenantSetting } from './walled-pool.ts';

const { escapeIdentifier: name } = pg;

/** How the comment of a table without a tenant begins, which then says why requests of all tenants may use it. */
const shared = /^shared by all tenants(, read only)?: \S/;

/**
 * Whose rows the statement may see; NULL, so nobody's, when nobody has said. A setting of the past is an empty text. As a query of its
 * own it is asked for once, instead of for every row.
 */
const current = `(SELECT nullif(current_setting('${tenantSetting}', true), ''))`;

/**
 * The policies of a table with a tenant. Rows with an empty tenant are the installation's (built-in templates, say): every request of
 * a tenant reads them, none writes them. The owner is named beside the service because these hold for owners, too: migrations
 * work on the rows of all tenants, also where the migrator is no superuser. Another definition needs another name; what has a name
 * that is not here goes.
 */
const policies = (service: string, owner: string, requests: string) => ({
  pipeline: `TO ${service}, ${owner} USING (true)`,
  requests_of_tenant: `TO ${requests} USING (tenant = ${current})`,
  requests_of_installation: `FOR SELECT TO ${requests} USING (tenant = '' AND ${current} IS NOT NULL)`,
});

interface Table {
  name: string;
  owner: string;
  comment: string | null;
  has_tenant: boolean;
  forced: boolean;
  policies: string[];
  /** Whether the role of requests has its rights. */
  granted: boolean;
}

/** The roles of a service. */
export interface ServiceRoles {
  service: string;
  requests: string;
}

/**
 * Walls the tenants of a schema off from each other for the role of requests (row-level security): each table that has a column
 * `tenant`. One without must say in its comment why all tenants may share it. Partitions get no rights, so that they can only be
 * reached through their table. To be run after every migration, as the owner; what is there already is left alone.
 *
 * @throws Error that names a table without tenant and without reason
 */
export async function wallTenantsOff(db: pg.Client, schema: string, roles: ServiceRoles): Promise<void> {
  const { rows: tables } = await db.query<Table>(
    `SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner, obj_description(c.oid, 'pg_class') AS comment,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped) AS has_tenant,
       c.relrowsecurity AND c.relforcerowsecurity AS forced,
       ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
       has_table_privilege($2, c.oid, 'SELECT') AS granted
     FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname <> 'migrations'
     ORDER BY c.relname`,
    [name(schema), roles.requests],
  );
  for (const table of tables) await wallOff(db, schema, table, roles);
}

async function wallOff(
  db: pg.Client,
  schema: string,
  table: Table,
  { service, requests }: ServiceRoles,
): Promise<void> {
  const place = `${name(schema)}.${name(table.name)}`;
  const [, readOnly] = table.has_tenant ? [] : (shared.exec(table.comment ?? '') ?? fail(schema, table.name));
  if (table.has_tenant) await apply(db, place, table, policies(name(service), name(table.owner), name(requests)));
  const rights = readOnly ? 'SELECT' : 'SELECT, INSERT, UPDATE, DELETE';
  // Last: until then it can see nothing at all.
  if (!table.granted) await db.query(`GRANT ${rights} ON ${place} TO ${name(requests)}`);
}

async function apply(db: pg.Client, place: string, table: Table, wanted: Record<string, string>): Promise<void> {
  const missing = Object.entries(wanted).filter(([policy]) => !table.policies.includes(policy));
  for (const [policy, definition] of missing) await db.query(`CREATE POLICY ${policy} ON ${place} ${definition}`);
  for (const policy of table.policies.filter((known) => !(known in wanted)))
    await db.query(`DROP POLICY ${name(policy)} ON ${place}`);
  if (!table.forced) await db.query(`ALTER TABLE ${place} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
}

function fail(schema: string, table: string): never {
  throw new Error(
    `The table ${schema}.${table} has no column "tenant", so nothing would keep tenants apart in it. Give it one; or, if all ` +
      `share it, say why in its migration: COMMENT ON TABLE ${table} IS 'shared by all tenants: …' ` +
      `(or 'shared by all tenants, read only: …')`,
  );
}
