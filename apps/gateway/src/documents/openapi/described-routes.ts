import { Injectable, RequestMethod } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  HEADERS_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
} from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ruleKey } from '../../access/access.guard.ts';
import type { Rule } from '../../access/rules.ts';
import { everyTimeKey } from '../../idempotency/idempotency.interceptor.ts';
import { descriptionKey, type RouteDescription } from '../../http/describe.ts';
import { PageFilter } from '../../public-pages/page.filter.ts';

/** A route as its decorators tell of it. */
export interface DescribedRoute {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/events/{id}`. */
  path: string;
  /** What its controller is called, in words: `Dead letters`. */
  tag: string;
  /** Unique: `DeadLetters_replay`. */
  operationId: string;
  /** `undefined` where `@Allow` is missing: then the gateway does not start. */
  rule: Rule | undefined;
  /** Whether an `Idempotency-Key` is heeded. */
  takesKey: boolean;
  /** `undefined` where `@Describe` is missing. */
  description: RouteDescription | undefined;
  /** Media type of the answer, from `@Header('content-type', …)`; JSON without one. */
  contentType: string | undefined;
  /** Whether people are told of problems as a page. */
  showsPages: boolean;
}

/** Finds every HTTP route of the application's controllers. */
@Injectable()
export class DescribedRoutes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** In the order of the modules, their controllers and the controllers' methods. */
  all(): DescribedRoute[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const methods = metatype.prototype as Record<string, Function>;
      return this.scanner.getAllMethodNames(methods).flatMap((name) => this.routesOf(metatype, name, methods[name]!));
    });
  }

  /** One per path; none for a method that handles messages only. */
  private routesOf(controller: Function, method: string, handler: Function): DescribedRoute[] {
    const requestMethod: RequestMethod | undefined = Reflect.getMetadata(METHOD_METADATA, handler);
    if (requestMethod === undefined) return [];
    const name = controller.name.replace(/Controller$/, '');
    const headers: { name: string; value: string }[] = Reflect.getMetadata(HEADERS_METADATA, handler) ?? [];
    const rule = this.reflector.getAllAndOverride<Rule | undefined>(ruleKey, [handler, controller]);
    const takesKey =
      requestMethod === RequestMethod.POST &&
      rule?.access !== 'public' &&
      !this.reflector.get<boolean | undefined>(everyTimeKey, handler);
    const filters: unknown[] = Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, controller) ?? [];
    return pathsOf(controller).flatMap((prefix) =>
      pathsOf(handler).map((path) => ({
        method: RequestMethod[requestMethod].toLowerCase() as DescribedRoute['method'],
        path: openApiPath(`${prefix}/${path}`),
        tag: words(name),
        operationId: `${name}_${method}`,
        rule,
        takesKey,
        description: this.reflector.get<RouteDescription | undefined>(descriptionKey, handler),
        contentType: headers.find((header) => header.name.toLowerCase() === 'content-type')?.value,
        showsPages: filters.includes(PageFilter),
      })),
    );
  }
}

function pathsOf(target: Function): string[] {
  const path: string | string[] = Reflect.getMetadata(PATH_METADATA, target) ?? '/';
  return Array.isArray(path) ? path : [path];
}

/** `/v1//events/:id` as `/v1/events/{id}`; whatever lies below `/docs/*` is a file: `/docs/{file}`. */
export function openApiPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '');
  return `/${parts.map((part) => part.replace(/^:(\w+)$/, '{$1}').replace('*', '{file}')).join('/')}`;
}

/** `DeadLetters` as `Dead letters`. */
function words(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
