import 'reflect-metadata';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, Module, type DynamicModule, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Problem, tenantRpcs, type RpcContract } from '@carillon/contracts';
import { AmqpClient, AmqpServer, Messages, PassErrorsFilter, withTrace } from '@carillon/messaging';
import {
  asRequestOf,
  beginRequest,
  outsideRequests,
  requestsDatabaseUrl,
  type MigrationClass,
  type PersistenceOptions,
} from '@carillon/persistence';
import type { FastifyError, FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { beating } from './beating.ts';
import { CONFIG, commonConfig, ConfigError, readConfig, type CommonConfig } from './config.ts';
import { awaitMigrations, databaseDependency, databaseModule } from './database.ts';
import { serveHealth } from './health.ts';
import { JsonLogger } from './logging.ts';
import { TenantStandings } from './tenants/standings.ts';
import { TenantsController } from './tenants/tenants.controller.ts';

export interface ServiceOptions<Own extends z.ZodRawShape> {
  /** The service's name in the street: `inbox`, `email-sender`. */
  name: string;
  /** Its own environment variables; the common ones are added. */
  config: z.ZodObject<Own>;
  /** The module with its controllers, given the validated configuration. */
  module: (config: Readonly<CommonConfig & z.infer<z.ZodObject<Own>>>) => Type | DynamicModule;
  entities?: PersistenceOptions['entities'];
  /** The start waits until these have been applied. */
  migrations: MigrationClass[];
  /** It can do part of its work while RabbitMQ is away, so that does not make it unready. */
  worksWithoutBroker?: boolean;
  /** The questions that the service answers. */
  rpcs?: readonly RpcContract<any, any>[];
  /** Whose word about the client's address, host and protocol is taken. Left out: nobody's. */
  trustedProxies?: (
    config: Readonly<CommonConfig & z.infer<z.ZodObject<Own>>>,
  ) => ((address: string) => boolean) | undefined;
  /** Last touches to the HTTP side: hooks, filters, documents. */
  http?: (app: NestFastifyApplication) => void | Promise<void>;
  /** Runs once the database is migrated, before the first message is taken. */
  prepare?: (app: NestFastifyApplication) => Promise<void>;
}

/** A service that runs in this process. */
export interface RunningService {
  app: NestFastifyApplication;
  /** http://127.0.0.1:port */
  url: string;
  /** Drains and stops; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a service in this process without touching the process itself: no signal handlers, no exit. Tests use it.
 * @throws ConfigError when the environment is wrong
 */
export async function startService<Own extends z.ZodRawShape>(
  options: ServiceOptions<Own>,
  env: Record<string, string | undefined> = process.env,
  logger?: JsonLogger,
): Promise<RunningService> {
  const config = readConfig(options.config, env);
  const messages = new Messages({ url: config.AMQP_URL, prefix: config.CARILLON_AMQP_PREFIX, service: options.name });
  let stopping = false;
  let starting: string | undefined = 'starting';

  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(options, config, messages),
    // One message of a thousand events fits; anything larger is a mistake or an attack.
    new FastifyAdapter({
      bodyLimit: 4 * 1024 * 1024,
      trustProxy: options.trustedProxies?.(config) ?? false,
      forceCloseConnections: 'idle',
      // The longest id or address that a path may name; each route has its own limit.
      routerOptions: { maxParamLength: 2048 },
      frameworkErrors: refuseUrl,
      // How soon a client that is too slow with its request is dropped; Node's 30 s would give it as much again.
      http: { connectionsCheckingInterval: 1_000 },
      clientErrorHandler: refuseConnection,
    }),
    {
      logger: logger ?? new JsonLogger(options.name, config.LOG_LEVEL),
      abortOnError: false,
      forceCloseConnections: false,
    },
  );
  const dataSource = app.get(DataSource);
  const standings = app.get(TenantStandings);
  const server = new AmqpServer({
    url: config.AMQP_URL,
    prefix: config.CARILLON_AMQP_PREFIX,
    service: options.name,
    prefetch: config.AMQP_PREFETCH,
    messages,
    rpcs: [...(options.rpcs ?? []), ...tenantRpcs],
    passesOver: (event) => standings.passesOver(event),
    answering: (question, answer) => asRequestOf((question as { tenant?: string }).tenant, answer),
    dependencies: [databaseDependency(dataSource)],
  });
  const microservice = app.connectMicroservice({ strategy: server }, { deferInitialization: true }) as NestMicroservice;
  microservice.useGlobalFilters(new PassErrorsFilter());
  // The application calls the modules' init hooks; deferred, the microservice would call them a second time.
  microservice.setIsInitHookCalled(true);
  const http = app.getHttpAdapter().getInstance();
  http.addHook('onRequest', (request, _reply, done) =>
    withTrace(request.headers.traceparent as string | undefined, done),
  );
  // Whose request it is shows with its credentials; until then it sees no rows. Not sooner: reading a body loses the context.
  http.addHook('preHandler', (_request, _reply, done) => beginRequest(done));
  const trouble = async () => {
    if (stopping) return 'stopping';
    if (starting) return starting;
    return (options.worksWithoutBroker ? undefined : server.trouble()) ?? (await databaseTrouble(dataSource));
  };
  serveHealth(app, trouble);
  const beats = beating(messages, options.name, trouble, () => server.oldest());
  await options.http?.(app);

  // Health answers from here on; a broker or a migration that is missing shows as "not ready", not as a dead process.
  await app.listen(config.PORT, config.HOST);
  const close = once(async () => {
    stopping = true;
    // Not waited for: a beat that the broker does not confirm would keep the service for as long as it may take.
    void beats.stop();
    await app.close();
  });
  try {
    await awaitMigrations(dataSource, options.migrations, (reason) => (starting = reason));
    starting = 'starting';
    await standings.start();
    await options.prepare?.(app);
    starting = undefined;
    await app.startAllMicroservices();
    beats.start();
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = http.server.address() as { port: number };
  return { app, url: `http://127.0.0.1:${port}`, close };
}

/** How long whoever reads the log may take for what is still to be written when the process ends. */
const flushMs = 500;

/**
 * A service's `main`: starts it, prints a "ready" line, drains on SIGTERM or SIGINT, ends the process. It does end, also when nobody
 * reads its log.
 */
export async function runService<Own extends z.ZodRawShape>(options: ServiceOptions<Own>): Promise<void> {
  // A wrong level is reported like any other wrong variable, which takes a logger.
  const level = commonConfig.shape.LOG_LEVEL.catch('info').parse(process.env.LOG_LEVEL || undefined);
  const logger = new JsonLogger(options.name, level);
  let service: RunningService | undefined;
  const exit = async (code: number) => {
    await Promise.race([logger.flush(), sleep(flushMs)]);
    process.exit(code);
  };
  const stop = once(async (signal: string) => {
    logger.log({ msg: 'stopping', signal });
    const limit = Number(process.env.SHUTDOWN_TIMEOUT_MS || 25_000);
    setTimeout(() => {
      logger.error(`not drained within ${limit} ms; what was not finished will be delivered again`);
      void exit(1);
    }, limit).unref();
    await service?.close();
    logger.log('stopped');
    await exit(0);
  });
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  // As without a listener, but the log is written to its end.
  process.on('uncaughtException', (error) => {
    logger.fatal(error);
    void exit(1);
  });
  try {
    service = await startService(options, process.env, logger);
    logger.log({ msg: 'ready', port: Number(new URL(service.url).port) });
  } catch (error) {
    logger.fatal(error instanceof ConfigError ? error.message : error);
    await exit(1);
  }
}

function rootModule<Own extends z.ZodRawShape>(
  { name, module, entities }: ServiceOptions<Own>,
  config: Readonly<CommonConfig & z.infer<z.ZodObject<Own>>>,
  messages: Messages,
): DynamicModule {
  /** Closes the sending half last: until then running handlers and requests publish. */
  @Module({})
  class Root implements OnApplicationShutdown {
    async onApplicationShutdown(): Promise<void> {
      await messages.close();
    }
  }
  return {
    module: Root,
    global: true,
    imports: [
      databaseModule({
        url: config.DATABASE_URL,
        service: name,
        entities,
        poolSize: config.DATABASE_POOL,
        requestsUrl: config.DATABASE_REQUESTS_URL ?? requestsDatabaseUrl(config.DATABASE_URL, config.CARILLON_SECRET),
        requestsPoolSize: config.DATABASE_REQUESTS_POOL,
      }),
      module(config),
    ],
    controllers: [TenantsController],
    providers: [
      TenantStandings,
      { provide: CONFIG, useValue: config },
      { provide: Messages, useValue: messages },
      { provide: AmqpClient, useValue: new AmqpClient(messages) },
    ],
    exports: [CONFIG, Messages, AmqpClient, TenantStandings],
  };
}

/** What is no HTTP, or did not come in time, in the words of all other errors. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code, title] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'request_timeout', 'The request did not arrive in time']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'headers_too_large', 'The headers are too large']
        : [400, 'invalid_request', 'This is not valid HTTP'];
  const body = JSON.stringify({ type: 'about:blank', status, code, title });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** What the router refuses before there is a route, in the words of all other errors. */
function refuseUrl({ statusCode = 400 }: FastifyError, _request: unknown, reply: FastifyReply): void {
  const problem = new Problem({
    status: statusCode,
    code: 'invalid_path',
    title: 'The path is not valid',
    detail:
      statusCode === 414 ? 'A part of it is too long.' : 'It must be percent-encoded UTF-8; write "%" itself as "%25".',
  });
  void reply
    .status(statusCode)
    .type('application/problem+json')
    .send({ type: 'about:blank', ...problem.toJSON() });
}

async function databaseTrouble(dataSource: DataSource): Promise<string | undefined> {
  try {
    await outsideRequests(() => dataSource.query('SELECT 1'));
    return undefined;
  } catch (error) {
    new Logger('health').warn({ msg: 'PostgreSQL does not answer', error: (error as Error).message });
    return 'PostgreSQL does not answer';
  }
}

/** The function, but every call after the first gets the first one's promise. */
function once<Args extends unknown[]>(work: (...args: Args) => Promise<void>): (...args: Args) => Promise<void> {
  let done: Promise<void> | undefined;
  return (...args) => (done ??= work(...args));
}
