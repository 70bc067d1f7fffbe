import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

const bounces = '/webhooks/bounces/:secret';
/** A bounce quotes what it could not deliver, attachments included. */
export const bounceLimit = 30 * 1024 * 1024;

/** Keeps emails that are posted to the webhook of bounces as they are. Every other route goes on refusing them. */
export function takeBounces(app: NestFastifyApplication): void {
  app.useBodyParser('message/rfc822', { bodyLimit: bounceLimit }, (request: FastifyRequest, body: Buffer, done) => {
    if (request.routeOptions.url === bounces) done(null, body);
    else done(Object.assign(new Error('Unsupported Media Type: message/rfc822'), { statusCode: 415 }));
  });
}
