import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DescribedRoutes } from '../documents/openapi/described-routes.ts';

/** Sees to it that every route says who may use it, before the first request is taken. */
@Injectable()
export class DeclaredRoutes implements OnModuleInit {
  constructor(private readonly routes: DescribedRoutes) {}

  /** @throws Error naming the routes that nobody thought about: then the service does not start */
  onModuleInit(): void {
    const undeclared = this.routes.all().filter(({ rule }) => rule === undefined);
    if (undeclared.length === 0) return;
    const names = undeclared.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    throw new Error(`@Allow is missing, so nobody knows who may use: ${names.join(', ')}`);
  }
}
