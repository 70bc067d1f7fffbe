import type { PipeTransform } from '@nestjs/common';
import { Problem, uuidSchema } from '@carillon/contracts';

/** An id of ours in a path. What is no UUID names nothing, so it is answered like an unknown one. */
export function uuid(what: string): PipeTransform<string, string> {
  return {
    transform(value: string): string {
      if (!uuidSchema.safeParse(value).success) throw Problem.notFound(what, value.slice(0, 64));
      return value.toLowerCase();
    },
  };
}
