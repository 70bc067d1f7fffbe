import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import { FailedCredentials } from '../limits/failed-credentials.ts';

/**
 * Counts what was no provider's. What is genuine is always taken, however many wrong ones came from its address: a provider asks from
 * the same few addresses for all who use it, and not all of them ask again.
 */
@Injectable()
export class ForgedWebhooks implements NestInterceptor {
  constructor(private readonly failed: FailedCredentials) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { ip } = context.switchToHttp().getRequest<FastifyRequest>();
    return next.handle().pipe(
      catchError(async (error: unknown) => {
        if (error instanceof Problem && isWrong(error)) await this.failed.wrong('webhook', ip);
        throw error;
      }),
    );
  }
}

function isWrong({ code }: Problem): boolean {
  return code === 'forged_webhook' || code === 'webhook_not_configured';
}
