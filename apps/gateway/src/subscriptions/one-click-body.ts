import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

const page = '/u/:signed';

/**
 * Mail programs may post their one click as multipart/form-data as well (RFC 8058, section 3.2). What it says is always the same, so
 * it is not read. Every other route goes on refusing it.
 */
export function takeOneClicks(app: NestFastifyApplication): void {
  app.useBodyParser('multipart/form-data', {}, (request: FastifyRequest, _body: Buffer, done) => {
    if (request.routeOptions.url === page) done(null, {});
    else done(Object.assign(new Error('Unsupported Media Type: multipart/form-data'), { statusCode: 415 }));
  });
}
