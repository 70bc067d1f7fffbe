import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { uuidv8 } from '@carillon/contracts';
import type { FastifyRequest } from 'fastify';
import type { Asked } from './asked.ts';

/**
 * From which the ids of what a request makes are computed. Of one with an `Idempotency-Key` they are the same whoever carries it
 * out and however often, so what a crash has cut off is done again without being doubled.
 */
export class RequestIdentity {
  private constructor(
    /** When the request first came, Unix milliseconds. */
    readonly at: number,
    private readonly parts: readonly string[],
  ) {}

  /** Of a request that stands for itself. */
  static fresh(now: number = Date.now()): RequestIdentity {
    return new RequestIdentity(now, [randomUUID()]);
  }

  static ofKey({ tenant, key, request }: Asked, firstAt: Date): RequestIdentity {
    return new RequestIdentity(firstAt.getTime(), [
      'idempotency',
      tenant,
      key.toString('base64'),
      request.toString('base64'),
    ]);
  }

  /** @param part which of the things that the request makes */
  id(part: string | number = 0): string {
    return uuidv8(this.at, ...this.parts, String(part));
  }
}

export type RequestWithIdentity = FastifyRequest & { identity?: RequestIdentity };

/** The identity of the request at hand. */
export const Identity = createParamDecorator(
  (_: unknown, context: ExecutionContext): RequestIdentity =>
    (context.switchToHttp().getRequest<RequestWithIdentity>().identity ??= RequestIdentity.fresh()),
);
