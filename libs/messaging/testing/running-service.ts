import { Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AmqpServer, type AmqpServerOptions } from '../src/amqp-server.ts';
import { Messages } from '../src/messages.ts';
import { PassErrorsFilter } from '../src/pass-errors.filter.ts';

export interface RunningTransport {
  server: AmqpServer;
  messages: Messages;
  stop(): Promise<void>;
}

/** The transport of a service with these controllers, without database and HTTP. */
export async function runTransport(
  { connected, ...options }: Omit<AmqpServerOptions, 'messages'> & { connected?: () => unknown },
  ...controllers: Type[]
): Promise<RunningTransport> {
  @Module({ controllers })
  class AppModule {}
  const messages = new Messages({ confirmTimeoutMs: 5_000, ...options });
  if (connected) messages.onConnected(connected);
  const server = new AmqpServer({ ...options, messages });
  const app: INestMicroservice = await NestFactory.createMicroservice(AppModule, {
    strategy: server,
    logger: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new PassErrorsFilter());
  const stop = async () => {
    await app.close();
    await messages.close();
  };
  try {
    await app.listen();
  } catch (error) {
    await stop();
    throw error;
  }
  return { server, messages, stop };
}
