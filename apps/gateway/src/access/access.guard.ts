import { createParamDecorator, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { outsideRequests, requestIsOf } from '@carillon/persistence';
import { TenantStandings } from '@carillon/service';
import type { FastifyRequest } from 'fastify';
import { FailedCredentials } from '../limits/failed-credentials.ts';
import { Sessions } from '../sessions/sessions.ts';
import { ApiKeys } from './api-keys.ts';
import { RecipientTokens } from './recipient-tokens.ts';
import { allows, forbidden, refuseStanding, unauthorized, type Access, type Roles, type Rule } from './rules.ts';
import type { Caller } from './scopes.ts';

export const ruleKey = 'access rule';

/**
 * Declares who may use a route or a whole controller; a route's own declaration stands in the place of its controller's.
 * The gateway does not start with a route that declares nothing.
 *
 * @param access the scope of an API key (`admin` opens every scope), or `recipient`, `member`, `public`
 * @param roles the least role of members who may as well, for a controller as `{ read, change }`; left out: no member may
 */
export const Allow = (access: Access, roles?: Roles) => SetMetadata(ruleKey, { access, roles } satisfies Rule);

/** What a request proves with who it is. */
interface Shown {
  kind: 'api_key' | 'token' | 'session';
  credential: string;
}

type RequestWithCaller = FastifyRequest & { caller?: Caller };

/** The tenant of whoever asks. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => callerOf(context).tenant);

/** Whoever asks, as the guard knows them. */
export const Asking = createParamDecorator((_: unknown, context: ExecutionContext): Caller => callerOf(context));

/** The recipient whose token it is, with the tenant. */
export const Me = createParamDecorator(
  (_: unknown, context: ExecutionContext): { tenant: string; recipient: string } => {
    const caller = callerOf(context);
    if (caller.kind !== 'recipient') throw forbidden({ access: 'recipient' }, 'GET');
    return { tenant: caller.tenant, recipient: caller.recipient };
  },
);

/** The name of the API key or member that asks, for records of who did what. */
export const CallerName = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const caller = callerOf(context);
  if (caller.kind === 'recipient') throw forbidden({ access: 'admin' }, 'GET');
  return caller.name;
});

/** The one place where access is decided. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeys,
    private readonly tokens: RecipientTokens,
    private readonly sessions: Sessions,
    private readonly standings: TenantStandings,
    private readonly failed: FailedCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true; // messages come from the broker, which has its own credentials
    const rule = this.reflector.getAllAndOverride<Rule>(ruleKey, [context.getHandler(), context.getClass()]);
    if (rule.access === 'public') {
      // Nobody's: the database shows it no tenant's rows.
      requestIsOf(undefined);
      return true;
    }
    const request = context.switchToHttp().getRequest<RequestWithCaller>();
    // The one thing that comes before it is known whose request it is: whose the credential is.
    const caller = await outsideRequests(() => this.identify(request));
    refuseStanding(this.standings.of(caller.tenant));
    requestIsOf(caller.tenant);
    // Before anything is refused: the audit log tells who was.
    request.caller = caller;
    if (!allows(rule, request.method, caller)) throw forbidden(rule, request.method);
    return true;
  }

  /** @throws Problem 401; 429 for too many wrong ones; 503 while nobody can say */
  private async identify(request: FastifyRequest): Promise<Caller> {
    const shown = this.shownBy(request);
    if (!shown) throw unauthorized();
    if (shown.kind !== 'token') this.failed.admit(request.ip, shown.credential);
    const caller = await this.ownerOf(shown, request);
    if (!caller) {
      await this.failed.wrong(shown.kind, request.ip);
      throw unauthorized();
    }
    if (shown.kind !== 'token') this.failed.remember(shown.credential);
    return caller;
  }

  /** A credential that is sent on purpose comes before a cookie, which browsers send by themselves. */
  private shownBy(request: FastifyRequest): Shown | undefined {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      const credential = this.sessions.tokenOf(request);
      return credential === undefined ? undefined : { kind: 'session', credential };
    }
    const credential = /^Bearer ([\w.~+/=-]{1,4096})$/i.exec(authorization)?.[1];
    return credential === undefined
      ? undefined
      : { kind: credential.startsWith('ck_') ? 'api_key' : 'token', credential };
  }

  /** @throws Problem 401, 429 for a token that is over */
  private async ownerOf({ kind, credential }: Shown, request: FastifyRequest): Promise<Caller | undefined> {
    if (kind === 'session') return this.sessions.callerOf(request);
    if (kind === 'api_key') return this.apiKeys.find(credential);
    const reading = await this.tokens.verify(credential, !this.failed.isFull(request.ip));
    if (!reading) return undefined;
    if (!('expired' in reading)) return reading;
    await this.failed.expired(reading.expired);
    throw unauthorized();
  }
}

function callerOf(context: ExecutionContext): Caller {
  return context.switchToHttp().getRequest<RequestWithCaller>().caller!;
}
