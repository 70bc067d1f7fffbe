/**
 * What must have happened once before the services of an installation start: it has a secret and a development key
 * (made here, unless they are given), and its schemas are up to date. Safe to run at every start.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { migrateAll } from '../migrate.mjs';

/** A volume that the services share, see docker-compose.yml. */
const secretFile = '/var/lib/carillon/secret';
const developmentKeyFile = '/var/lib/carillon/development-api-key';

/**
 * @param {string} file
 * @param {string | undefined} given
 * @param {() => string} make
 */
function keep(file, given, make) {
  if (given) writeFileSync(file, `${given}\n`, { mode: 0o600 });
  else if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

const { DATABASE_URL: adminUrl, CARILLON_SECRET, DEV_API_KEY } = process.env;
if (!adminUrl) {
  console.error('DATABASE_URL is not set: the database, with a role that may create databases and roles.');
  process.exit(1);
}
const secret = keep(secretFile, CARILLON_SECRET, () => randomBytes(32).toString('hex'));
keep(developmentKeyFile, DEV_API_KEY, () => `ck_${randomBytes(24).toString('base64url')}`);

const count = await migrateAll({ adminUrl, secret });
console.log(count > 0 ? `${count} migrations applied` : 'all schemas are up to date');
console.log('The development API key: docker compose exec gateway cat /var/lib/carillon/development-api-key');
