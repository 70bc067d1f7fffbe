import type { PipeTransform } from '@nestjs/common';
import { parseInput, Problem } from '@carillon/contracts';
import type { z } from 'zod';

/** Validates one part of a request against a schema; a mistake is a 400 that names the field and the cure. */
export class InputPipe<T> implements PipeTransform<unknown, T> {
  constructor(
    readonly schema: z.ZodType<T>,
    private readonly part: 'body' | 'query',
  ) {}

  transform(value: unknown): T {
    if (this.part === 'body' && value === undefined) {
      throw new Problem({
        status: 400,
        code: 'invalid_body',
        title: 'The body is missing',
        detail: 'Send a JSON object with content-type application/json.',
      });
    }
    return parseInput(this.schema, this.part === 'query' ? { ...(value as object) } : value, this.part);
  }
}

/** For `@Body(body(schema))`. */
export const body = <T>(schema: z.ZodType<T>) => new InputPipe(schema, 'body');
/** For `@Query(query(schema))`. */
export const query = <T>(schema: z.ZodType<T>) => new InputPipe(schema, 'query');
