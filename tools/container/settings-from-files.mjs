/**
 * Settings of a container, preloaded before the service (`node --import`): what the platform hands over as files or in
 * parts becomes the variables that services read.
 *
 * - `CARILLON_SECRET_FILE=/run/secrets/carillon` sets `CARILLON_SECRET` from that file, and so for every setting that holds
 *   a secret (as the official images of PostgreSQL and others do): it need not stand in the environment of the container.
 * - `DATABASE_SERVER_URL=postgres://db:5432/carillon`, without credentials, sets `DATABASE_URL` with the role and the
 *   password of the service, which follow from `CARILLON_SECRET`.
 */
import { readFileSync } from 'node:fs';

/** Settings that hold a secret, of all services. A list, because `SSL_CERT_FILE` and others are nobody's setting here. */
const secrets = [
  'CARILLON_SECRET',
  'DATABASE_URL',
  'AMQP_URL',
  'DATABASE_REQUESTS_URL',
  'DEV_API_KEY',
  'PLATFORM_API_KEY',
  'SMTP_URL',
  'AFRICASTALKING_API_KEY',
  'TWILIO_AUTH_TOKEN',
  'CUSTOM_SMS_HEADERS',
  'MAILGUN_API_KEY',
  'SECRETS_KEY',
  'FIRST_OWNER_TOKEN',
  'OPENID_CLIENT_SECRET',
];

const environment = process.env;

for (const name of secrets) {
  const file = environment[`${name}_FILE`];
  if (!file || environment[name]) continue;
  try {
    environment[name] = readFileSync(file, 'utf8').trim();
  } catch (error) {
    console.error(`${name}_FILE: cannot read ${file} (${/** @type {NodeJS.ErrnoException} */ (error).code}).`);
    process.exit(1);
  }
}

const { DATABASE_SERVER_URL: server, DATABASE_URL: own, CARILLON_SERVICE: service } = environment;
if (server && !own && service) {
  const { serviceDatabaseUrl } = await import('@carillon/persistence');
  environment.DATABASE_URL = serviceDatabaseUrl(server, service);
}
