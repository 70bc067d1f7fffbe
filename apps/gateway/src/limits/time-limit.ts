import {
  Inject,
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { timeout, throwError, type Observable } from 'rxjs';
import type { GatewayConfig } from '../config.ts';

const limitKey = 'time limit';

/** For what checks, compiles or draws many templates before it answers. */
export const forTemplates = 75_000;

/** Gives a route, or all of a controller, more time than `REQUEST_TIME_LIMIT_MS`. In milliseconds. */
export const TimeLimit = (ms: number) => SetMetadata(limitKey, ms);

/** How long a request may take until it is answered. */
@Injectable()
export class TimeLimits {
  constructor(
    private readonly reflector: Reflector,
    @Inject(CONFIG) private readonly config: Pick<GatewayConfig, 'REQUEST_TIME_LIMIT_MS'>,
  ) {}

  /** In milliseconds. */
  of(context: ExecutionContext): number {
    const own = this.reflector.getAllAndOverride<number | undefined>(limitKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    return Math.max(own ?? 0, this.config.REQUEST_TIME_LIMIT_MS);
  }
}

/**
 * Answers in time. What was begun goes on: questions to other services expire by themselves, and whoever sends the same request
 * with the same Idempotency-Key again changes nothing twice. An answer that is streamed has begun in time.
 */
@Injectable()
export class TimeLimitInterceptor implements NestInterceptor {
  constructor(private readonly limits: TimeLimits) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const limitMs = this.limits.of(context);
    return next.handle().pipe(timeout({ first: limitMs, with: () => throwError(() => tookTooLong(limitMs)) }));
  }
}

/** 504 */
export function tookTooLong(limitMs: number): Problem {
  return new Problem({
    status: 504,
    code: 'took_too_long',
    title: 'The request took too long',
    detail: `It was not answered within ${limitMs} ms and may still be carried out. Send it again, with the same Idempotency-Key.`,
    retry_after: 5,
  });
}
