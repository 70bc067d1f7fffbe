import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { collectDefaultMetrics, register } from 'prom-client';

/** Tells why the service cannot work right now; undefined when it can. */
export type Trouble = () => string | undefined | Promise<string | undefined>;

/**
 * `/health/live` answers as long as the event loop turns; `/health/ready` says whether work and requests can be taken;
 * `/metrics` is for Prometheus. Registered beside Nest's routes, so that no guard or prefix touches them.
 */
export function serveHealth(app: NestFastifyApplication, trouble: Trouble): void {
  const http = app.getHttpAdapter().getInstance();
  const logger = new Logger('health');
  let last: string | undefined;
  http.get('/health/live', async () => ({ status: 'ok' }));
  http.get('/health/ready', async (_request, reply) => {
    const reason = await trouble();
    if (reason !== last) logger[reason ? 'warn' : 'log'](reason ? { msg: 'not ready', reason } : 'ready again');
    last = reason;
    return reason ? reply.code(503).send({ status: 'unavailable', reason }) : { status: 'ok' };
  });
  if (!register.getSingleMetric('process_cpu_seconds_total')) collectDefaultMetrics();
  http.get('/metrics', async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
}
