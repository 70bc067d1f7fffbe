import { z } from 'zod';

const formerSecrets = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom' });
      return z.NEVER;
    }
  })
  .pipe(z.array(z.string().min(32)));

/** Environment variables that every service reads. Each service adds its own with `.extend`-like objects. */
export const commonConfig = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(3000).describe('HTTP port; 0 takes a free one'),
  HOST: z.string().default('0.0.0.0').describe('Address to listen on'),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'must be a URL such as postgres://carillon_inbox:secret@db:5432/carillon',
    })
    .describe('PostgreSQL, as the role of this service'),
  AMQP_URL: z
    .url({ protocol: /^amqps?$/, error: 'must be a URL such as amqp://user:secret@broker:5672' })
    .describe('RabbitMQ'),
  CARILLON_AMQP_PREFIX: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_" and "-"')
    .default('carillon')
    .describe('First part of every exchange and queue name'),
  CARILLON_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters; make one with: openssl rand -hex 32')
    .describe('Installation secret from which signing keys are derived; the same for all services'),
  FORMER_SECRETS: z
    .string()
    .default('[]')
    .transform((text, context) => {
      const secrets = formerSecrets.safeParse(text);
      if (secrets.success) return secrets.data;
      // The value holds secrets, so the message does not repeat it.
      context.addIssue({ code: 'custom', message: 'must be a JSON list of former values of CARILLON_SECRET' });
      return z.NEVER;
    })
    .describe('Former values of CARILLON_SECRET as a JSON list: links in emails sent under them go on working'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address such as https://notify.example.org' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where recipients and providers reach the gateway. Unset: emails are not tracked and carry no unsubscribe link',
    ),
  DATABASE_POOL: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(4)
    .describe('Database connections of the service itself at most'),
  DATABASE_REQUESTS_POOL: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(2)
    .describe('Database connections of its requests at most'),
  DATABASE_REQUESTS_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'must be a URL such as postgres://carillon_inbox_requests:secret@db:5432/carillon',
    })
    .optional()
    .describe(
      'PostgreSQL, as the role of this service for requests, which row-level security shows one tenant. Unset: DATABASE_URL’s role with `_requests`, with the password that follows from CARILLON_SECRET',
    ),
  AMQP_PREFETCH: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Messages held unacknowledged per queue'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least severe level logged'),
  SHUTDOWN_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(25_000)
    .describe('How long a stop may take to drain before it is forced'),
});
export type CommonConfig = z.infer<typeof commonConfig>;

/** Injection token of the validated configuration. */
export const CONFIG = Symbol('configuration');

/** A wrong environment: says which variable, what is wrong and, through its description, what it is for. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment once, before any I/O, into a frozen object.
 * @throws ConfigError with a line per variable that is wrong
 */
export function readConfig<Own extends z.ZodRawShape>(
  own: z.ZodObject<Own>,
  env: Record<string, string | undefined> = process.env,
): Readonly<CommonConfig & z.infer<z.ZodObject<Own>>> {
  const schema = z.object({ ...commonConfig.shape, ...own.shape });
  // An empty variable is what `FOO=` in an env file means: not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return Object.freeze(result.data) as Readonly<CommonConfig & z.infer<z.ZodObject<Own>>>;
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const wrong = given[name] === undefined && issue.code === 'invalid_type' ? 'is missing' : issue.message;
    const about = (schema.shape as Record<string, z.ZodType>)[name]?.description;
    return `  ${name} ${wrong}${about ? ` (${about})` : ''}`;
  });
  throw new ConfigError(`The environment is not valid:\n${lines.join('\n')}`);
}
