import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  deepestJson,
  findUnstorable,
  hasMoreValuesThan,
  isDeeperThan,
  mostJsonValues,
  pathOf,
  Problem,
} from '@carillon/contracts';

/**
 * Refuses, on every route, what breaks whoever works with a request: paths and filters with characters that PostgreSQL cannot
 * compare with anything, bodies so deep that writing them out as JSON again overflows the stack, or of so many values that reading
 * them keeps everybody else waiting. The characters of a body are the
 * business of its schema, which knows of rows that stand by themselves.
 */
export function refuseUnstorable(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preValidation', (request, _reply, done) => {
      const parts = { path: request.params, query: request.query };
      for (const [part, given] of Object.entries(parts)) {
        const found = findUnstorable(given);
        if (found) return done(invalid(part, pathOf(found.path), found.message));
      }
      if (isDeeperThan(deepestJson, request.body)) {
        return done(invalid('body', pathOf([]), `must be at most ${deepestJson} levels deep`));
      }
      if (hasMoreValuesThan(mostJsonValues, request.body)) {
        return done(invalid('body', pathOf([]), `must hold at most ${mostJsonValues} values; send it in parts`));
      }
      done();
    });
}

function invalid(part: string, path: string, message: string): Problem {
  return new Problem({
    status: 400,
    code: `invalid_${part}`,
    title: `The ${part} is not valid`,
    errors: [{ path, message }],
  });
}
