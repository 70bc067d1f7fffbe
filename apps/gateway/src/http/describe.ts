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
  /** Success status; default 200. */
  status?: number;
  /** Problem codes that the route can answer with, by status. 400, 401, 403 and 503 are added to every route. */
  errors?: Record<number, string>;
}

export const descriptionKey = 'route description';

/** Describes a route for the API document and sets its success status. */
export const Describe = (description: RouteDescription): MethodDecorator =>
  applyDecorators(SetMetadata(descriptionKey, description), HttpCode(description.status ?? 200));
