import { createHmac, hash } from 'node:crypto';

/** The PostgreSQL schema that a service owns: `email-sender` owns `email_sender`. */
export function schemaOf(service: string): string {
  return service.replaceAll('-', '_');
}

const forRequests = '_requests';

/** PostgreSQL cuts longer names silently (NAMEDATALEN), so that two of them would become one. */
const longestRole = 63 - forRequests.length;

/**
 * The service's login role. It carries the database's name, because roles are shared by all databases of a server. Where that is too
 * long for PostgreSQL, the end of the name is a hash of the whole instead.
 */
export function roleOf(database: string, service: string): string {
  const role = `${database}_${schemaOf(service)}`;
  if (Buffer.byteLength(role) <= longestRole) return role;
  const end = `_${hash('sha256', role).slice(0, 8)}`;
  // Characters of several bytes are not cut in the middle.
  return (
    Buffer.from(role)
      .subarray(0, longestRole - end.length)
      .toString()
      .replace(/\uFFFD+$/, '') + end
  );
}

/** The login role of the same service for requests: row-level security shows it the rows of one tenant. */
export function requestsRoleOf(serviceRole: string): string {
  return serviceRole + forRequests;
}

/** The database that a connection URL names. */
export function databaseOf(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  if (!name) throw new Error('DATABASE_URL must name a database: postgres://user@host:5432/carillon');
  return name;
}

/**
 * The URL with which a service logs in: the admin's, with the service's own role and a password derived from the
 * installation's secret. Without a secret the role has no password, which only a trusting (development) server accepts.
 */
export function serviceDatabaseUrl(adminUrl: string, service: string, secret = process.env.CARILLON_SECRET): string {
  const url = new URL(adminUrl);
  const role = roleOf(databaseOf(adminUrl), service);
  url.username = encodeURIComponent(role);
  url.password = secret ? rolePassword(role, secret) : '';
  return url.toString();
}

/** The URL with which the service logs in for requests, from the one that it has for itself ({@link serviceDatabaseUrl}). */
export function requestsDatabaseUrl(serviceUrl: string, secret = process.env.CARILLON_SECRET): string {
  const url = new URL(serviceUrl);
  const role = requestsRoleOf(decodeURIComponent(url.username));
  url.username = encodeURIComponent(role);
  url.password = url.password && secret ? rolePassword(role, secret) : '';
  return url.toString();
}

/** HMAC-SHA256 of the role under the installation's secret: nothing to store, and no role can compute another's. */
export function rolePassword(role: string, secret: string): string {
  return createHmac('sha256', secret).update(`database role ${role}`).digest('base64url');
}
