import { createParamDecorator, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '@carillon/contracts';
import type { FastifyRequest } from 'fastify';
import { ApiKeys } from './api-keys.ts';
import { RecipientTokens } from './recipient-tokens.ts';
import type { Caller, Scope } from './scopes.ts';

/** Who may use a route: an API key with a scope, or a recipient with a token. */
export type Access = Scope | 'recipient' | 'public';

export const accessKey = 'access';

/** Declares who may use a route or a whole controller. A route without it is refused to everyone. */
export const Allow = (access: Access) => SetMetadata(accessKey, access);

type RequestWithCaller = FastifyRequest & { caller?: Caller };

/** The tenant of whoever asks. */
export const Tenant = createParamDecorator((_: unknown, context: ExecutionContext): string => callerOf(context).tenant);

/** The recipient whose token it is, with the tenant. */
export const Me = createParamDecorator(
  (_: unknown, context: ExecutionContext): { tenant: string; recipient: string } => {
    const caller = callerOf(context);
    if (caller.kind !== 'recipient') throw forbidden('recipient');
    return { tenant: caller.tenant, recipient: caller.recipient };
  },
);

/** The name of the API key that asks, for records of who did what. */
export const KeyName = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const caller = callerOf(context);
  if (caller.kind !== 'api_key') throw forbidden('admin');
  return caller.name;
});

/** The one place where access is decided. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly apiKeys: ApiKeys,
    private readonly tokens: RecipientTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true; // messages come from the broker, which has its own credentials
    const access = this.reflector.getAllAndOverride<Access | undefined>(accessKey, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') return true;
    const request = context.switchToHttp().getRequest<RequestWithCaller>();
    const caller = await this.identify(request.headers.authorization);
    if (!caller) throw unauthorized();
    if (access === undefined || !allows(access, caller)) throw forbidden(access);
    request.caller = caller;
    return true;
  }

  private async identify(authorization: string | undefined): Promise<Caller | undefined> {
    const credential = /^Bearer ([\w.~+/=-]{1,4096})$/i.exec(authorization ?? '')?.[1];
    if (!credential) return undefined;
    return credential.startsWith('ck_') ? this.apiKeys.find(credential) : this.tokens.verify(credential);
  }
}

function allows(access: Access, caller: Caller): boolean {
  if (caller.kind === 'recipient') return access === 'recipient';
  return caller.scopes.includes(access) || (access !== 'recipient' && caller.scopes.includes('admin'));
}

function callerOf(context: ExecutionContext): Caller {
  return context.switchToHttp().getRequest<RequestWithCaller>().caller!;
}

function unauthorized(): Problem {
  return new Problem({
    status: 401,
    code: 'unauthorized',
    title: 'Authentication is needed',
    detail: 'Send "Authorization: Bearer …" with a valid API key (ck_…) or recipient token.',
  });
}

function forbidden(access: Access | undefined): Problem {
  const wanted = access === 'recipient' ? 'a recipient token' : `an API key with the scope ${access}`;
  return new Problem({ status: 403, code: 'forbidden', title: 'Not allowed', detail: `This needs ${wanted}.` });
}
