import { JsonLogger, startService, type RunningService, type ServiceOptions } from '@carillon/service';
import { Messages } from '@carillon/messaging';
import type { z } from 'zod';
import { testSecret } from './servers.ts';
import { testBroker, type TestBroker } from './test-broker.ts';
import { testDatabase, type TestDatabase } from './test-database.ts';

export interface TestService {
  running: RunningService;
  database: TestDatabase;
  broker: TestBroker;
  /** A sender of another service's name, for asking and publishing to the one under test. */
  messages: Messages;
  /** Stops it and removes its database and AMQP names. */
  close(): Promise<void>;
}

/** Environment of a service under test. */
export function testEnvironment(database: TestDatabase, broker: TestBroker, service: string): Record<string, string> {
  return {
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: database.url(service),
    DATABASE_POOL: '3',
    AMQP_URL: broker.url,
    CARILLON_AMQP_PREFIX: broker.prefix,
    CARILLON_SECRET: testSecret,
    LOG_LEVEL: process.env.TEST_LOG_LEVEL || 'silent',
  };
}

/**
 * Runs one service in this process on a database and AMQP names of its own. Set TEST_LOG_LEVEL=info to see its log.
 * @param shared a database or broker made before, for example behind a proxy or for a second replica; then the caller removes it
 */
export async function startTestService<Own extends z.ZodRawShape>(
  options: ServiceOptions<Own>,
  env: Record<string, string> = {},
  shared: { database?: TestDatabase; broker?: TestBroker } = {},
): Promise<TestService> {
  const database = shared.database ?? (await testDatabase({ [options.name]: options.migrations }));
  const broker = shared.broker ?? (await testBroker());
  const remove = async () => {
    if (!shared.broker) await broker.close();
    if (!shared.database) await database.drop();
  };
  const environment = { ...testEnvironment(database, broker, options.name), ...env };
  const logger = new JsonLogger(options.name, environment.LOG_LEVEL ?? 'silent');
  const messages = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
  try {
    const running = await startService(options, environment, logger);
    await messages.open();
    const close = async () => {
      await running.close();
      await messages.close();
      await remove();
    };
    return { running, database, broker, messages, close };
  } catch (error) {
    await remove();
    throw error;
  }
}
