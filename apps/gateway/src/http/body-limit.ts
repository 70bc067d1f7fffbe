import { RouteConfig } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Lets a route take larger bodies than the others do. In bytes. */
export const BodyLimit = (bodyLimit: number): MethodDecorator => RouteConfig({ bodyLimit });

/** Nest has no option for it: gives the routes that have a {@link BodyLimit} theirs. */
export function keepBodyLimits(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      const { bodyLimit } = (route.config ?? {}) as { bodyLimit?: number };
      if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
    });
}
