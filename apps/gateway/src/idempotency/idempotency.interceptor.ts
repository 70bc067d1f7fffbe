import {
  Catch,
  Injectable,
  SetMetadata,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
} from '@nestjs/common';
import type { ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import type { Observable } from 'rxjs';
import type { Caller } from '../access/scopes.ts';
import { TimeLimits } from '../limits/time-limit.ts';
import type { Answer } from './asked.ts';
import { readIdempotencyKey } from './idempotency-key.ts';
import { Idempotency, type UnderWay } from './idempotency.ts';
import { RequestIdentity, type RequestWithIdentity } from './request-identity.ts';

type KeyedRequest = RequestWithIdentity & { caller?: Caller; underWay?: UnderWay };

export const everyTimeKey = 'carried out every time';

/** Says that a POST is carried out every time, whatever its `Idempotency-Key`: its answer is worth nothing later. */
export const EveryTime = () => SetMetadata(everyTimeKey, true);

/** Says of an answer that it is that of an earlier request. */
export const replayedHeader = 'idempotency-replayed';

/** An answer that was given before and is given again. */
class Replay extends Error {
  constructor(readonly answer: Answer) {
    super('replayed');
  }
}

/**
 * Every POST of somebody with a credential can be repeated safely by an `Idempotency-Key`
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/). PUT, PATCH and DELETE are idempotent by themselves.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: Idempotency,
    private readonly limits: TimeLimits,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<KeyedRequest>();
    const header = request.headers['idempotency-key'];
    const { caller } = request;
    if (header === undefined || request.method !== 'POST' || !caller) return next.handle();
    if (this.reflector.get<boolean | undefined>(everyTimeKey, context.getHandler())) return next.handle();

    const begun = await this.idempotency.begin(
      this.idempotency.asked({
        tenant: caller.tenant,
        recipient: caller.kind === 'recipient' ? caller.recipient : '',
        route: `POST ${request.routeOptions.url}`,
        url: request.url,
        key: readIdempotencyKey(String(header)),
        body: request.body,
      }),
      this.limits.of(context),
    );
    if (!('asked' in begun)) throw new Replay(begun);
    request.identity = RequestIdentity.ofKey(begun.asked, begun.firstAt);
    request.underWay = begun;
    return next.handle();
  }
}

/** Gives kept answers again. */
@Catch(Replay)
export class ReplayFilter implements ExceptionFilter<Replay> {
  catch({ answer }: Replay, host: ArgumentsHost) {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    return reply.status(answer.status).header(replayedHeader, 'true').type(answer.type).send(answer.body);
  }
}

/** Keeps what requests with a key are answered, before it is sent. */
export function keepAnswers(app: NestFastifyApplication): void {
  const idempotency = app.get(Idempotency);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', async (request, reply, payload) => {
      const { underWay } = request as KeyedRequest;
      if (!underWay) return payload;
      const { statusCode: status } = reply;
      // Past its time limit it is still being carried out: nobody may begin it again before the lease ends.
      if (status === 504) {
        underWay.ended(undefined);
        return payload;
      }
      const body = typeof payload === 'string' ? payload : undefined;
      const isKept = body !== undefined && isFinal(status);
      const type = String(reply.getHeader('content-type') ?? 'application/json');
      await idempotency.end(underWay, isKept ? { status, type, body } : undefined);
      return payload;
    });
}

/** Whether the same request would be answered the same way: not when something was away, in the way, or too much at once. */
function isFinal(status: number): boolean {
  return status < 500 && ![401, 403, 408, 409, 429].includes(status);
}
