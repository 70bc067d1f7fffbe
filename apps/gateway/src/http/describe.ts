import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

/** What the API document says of a route. */
export interface RouteDescription {
  summary: string;
  /** Longer text, Markdown. */
  description?: string;
  body?: z.ZodType;
  /** An example of the body, where the contracts have none. */
  bodyExample?: unknown;
  /** An example of the body as YAML, where that is taken as well. */
  bodyYaml?: string;
  query?: z.ZodType;
  response?: z.ZodType;
  /** An example of the answer, where the contracts have none. */
  responseExample?: unknown;
  /** An example of the answer as YAML, where that can be asked for. */
  responseYaml?: string;
  /** Media types of the answer beside JSON, or instead of it where there is no `response`. */
  responseTypes?: readonly string[];
  /** Media types that the body may have beside JSON, or instead of it where there is no `body`. */
  bodyTypes?: readonly string[];
  /** Success status; default 200. */
  status?: number;
  /** Other successes, with what each means. */
  also?: Record<number, string>;
  /** Headers that the route heeds, with what each does. */
  requestHeaders?: Record<string, string>;
  /** Headers of an answer that is a success, with what each says. */
  headers?: Record<string, string>;
  /** Problem codes of the route itself, by status. What guards, limits, the body and the path are refused with is added by itself. */
  errors?: Record<number, string>;
}

export const descriptionKey = 'route description';

/** Describes a route for the API document and sets its success status. */
export const Describe = (description: RouteDescription): MethodDecorator =>
  applyDecorators(SetMetadata(descriptionKey, description), HttpCode(description.status ?? 200));
