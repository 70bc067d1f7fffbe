import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { listenError } from '../listen.ts';
import type { MessageStore } from '../messages/message-store.ts';
import { pageRoutes } from '../page/page-routes.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { africasTalking } from '../sms/africas-talking.ts';
import { customProvider } from '../sms/custom-provider.ts';
import type { SmsOptions } from '../sms/sms-desk.ts';
import { twilio } from '../sms/twilio.ts';
import { messagesApi } from './messages-api.ts';
import { answerProblems } from './problem.ts';
import { eventStream } from './stream.ts';

export interface WebOptions extends SmsOptions {
  store: MessageStore;
  simulation: Simulation;
  host: string;
  /** 0 takes any free port */
  port: number;
  /** For the page, which shows where mail goes */
  smtpUrl: string;
}

/**
 * Starts the page, the API and the SMS doubles.
 * @returns the port, and the function that stops the server
 * @throws PortInUseError
 */
export async function startWebServer(options: WebOptions): Promise<{ port: number; close: () => Promise<void> }> {
  const app = Fastify({ forceCloseConnections: true });
  answerProblems(app);
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(JSON.stringify({ status: 404, code: 'not_found', title: `There is no ${request.method} ${request.url}` })),
  );

  // Each in a scope of its own: error format and body parsers differ.
  app.register(async (scope) => africasTalking(scope, options));
  app.register(async (scope) => twilio(scope, options));
  app.register(async (scope) => customProvider(scope, options));
  app.register(async (scope) => messagesApi(scope, options));
  app.register(async (scope) => pageRoutes(scope, { smtpUrl: options.smtpUrl }));

  // The mailbox needs nothing else: it is ready as soon as it listens.
  for (const check of ['/health/live', '/health/ready']) app.get(check, () => ({ status: 'ok' }));
  const endStreams = eventStream(app, options.store);

  const address = { host: options.host, port: options.port, variable: 'MAILBOX_HTTP_PORT' };
  await app.listen(address).catch((error: unknown) => {
    throw listenError(error, address);
  });
  return {
    port: (app.server.address() as AddressInfo).port,
    close: async () => {
      endStreams();
      await app.close();
    },
  };
}
