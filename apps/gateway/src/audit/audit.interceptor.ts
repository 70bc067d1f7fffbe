import {
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { currentTraceparent } from '@carillon/messaging';
import { CONFIG } from '@carillon/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { ruleKey } from '../access/access.guard.ts';
import { leastRole, type Rule } from '../access/rules.ts';
import type { Caller } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { actionOf, isForAdmins, statePlaces, targetOf } from './action.ts';
import type { Actor, Begun } from './audit-entry.ts';
import { AuditLog } from './audit-log.ts';
import { changesBetween } from './changes.ts';
import { Masking } from './masking.ts';

type Admin = Exclude<Caller, { kind: 'recipient' }>;
type AuditedRequest = FastifyRequest & {
  caller?: Caller;
  /** The action that this request is, once its first row is committed. */
  audited?: { id: string; before: unknown; statePath: string | undefined };
};

/**
 * Records what admins do: a row before anything is done, another one before it is answered. It works by routes alone, so that no route
 * can be forgotten: all under `/v1/admin` that change something, and whatever members do elsewhere. What a route changes is what its
 * own resource tells, asked with the same credential before and afterwards.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  private readonly logger = new Logger('audit');
  private http?: FastifyInstance;

  constructor(
    private readonly log: AuditLog,
    private readonly reflector: Reflector,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Behind the guard and before anything is done. */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<AuditedRequest>();
    const rule = this.reflector.getAllAndOverride<Rule>(ruleKey, [context.getHandler(), context.getClass()]);
    const admin = adminOf(request);
    if (!admin || changesNothing(rule, request.method)) return next.handle();
    // The state first: an action that could not be recorded is not begun.
    const state = await this.readState(request);
    const id = await this.log.begin(this.begun(request, admin));
    request.audited = { id, before: state?.state, statePath: state?.path };
    return next.handle();
  }

  /** Records how requests end, before anybody is told. */
  keep(app: NestFastifyApplication): void {
    this.http = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    this.http.addHook('onSend', async (request, reply, payload) => {
      try {
        await this.end(request, reply, payload);
      } catch (error) {
        // It was done, so it is answered; the log says that it was begun.
        this.logger.error({ msg: 'how an admin action ended is not recorded', error: (error as Error).message });
      }
      return payload;
    });
  }

  private async end(request: AuditedRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const { audited } = request;
    const status = reply.statusCode;
    const admin = adminOf(request);
    if (!admin) return;
    const answer = objectIn(payload);
    const code = status >= 400 && typeof answer?.code === 'string' ? answer.code : null;
    if (!audited) {
      if (status === 403) await this.log.record(this.begun(request, admin), { status, code });
      return;
    }
    request.audited = undefined;
    const { id, before, statePath } = audited;
    if (status >= 400) return this.log.end(admin.tenant, id, { status, code });

    const after = statePath === undefined ? answer : (await this.stateAt(request, statePath))?.state;
    const changes = changesBetween(before ?? null, after ?? null);
    const masking = this.masking(admin);
    const values = isForAdmins(request.routeOptions.url ?? '');
    const created = statePath === undefined && before === undefined ? nameOf(answer) : undefined;
    await this.log.end(admin.tenant, id, {
      status,
      target: created === undefined ? null : `${this.target(request, admin)}/${masking.text(created)}`,
      before: masking.state(changes.before, values),
      after: masking.state(changes.after, values),
    });
  }

  private begun(request: AuditedRequest, admin: Admin): Begun {
    const route = request.routeOptions.url ?? request.url;
    const { body, query, ip } = request;
    const hasQuery = Object.keys(query as object).length > 0;
    return {
      tenant: admin.tenant,
      actor: actorOf(admin),
      action: actionOf(request.method, route),
      target: this.target(request, admin),
      ip,
      request_id: currentTraceparent()?.slice(3, 35) ?? null,
      input: this.masking(admin).state(
        body === undefined || body === null ? (hasQuery ? { query } : null) : hasQuery ? { query, body } : body,
        isForAdmins(route),
      ),
    };
  }

  private target(request: AuditedRequest, admin: Admin): string {
    const masking = this.masking(admin);
    const route = request.routeOptions.url ?? '';
    return targetOf(route, request.params as Record<string, string>, (value, name, collection) =>
      name === 'id' && collection === 'recipients' ? masking.person(value) : masking.text(value),
    );
  }

  private masking({ tenant }: Admin): Masking {
    return new Masking(this.config.CARILLON_SECRET, tenant);
  }

  /** What is to be changed, and where it is told. */
  private async readState(request: AuditedRequest): Promise<{ path: string; state: unknown } | undefined> {
    const [path] = request.url.split('?') as [string];
    const places = statePlaces(request.method, request.routeOptions.url ?? '', path);
    const place = places.find(({ route }) => this.http!.hasRoute({ method: 'GET', url: route }));
    const read = place && (await this.stateAt(request, place.path));
    return read && { path: place.path, state: read.state };
  }

  /** @returns undefined where it cannot be read; a state of null: there is nothing */
  private async stateAt({ headers }: FastifyRequest, path: string): Promise<{ state: unknown } | undefined> {
    const { authorization, cookie } = headers;
    const traceparent = currentTraceparent();
    const answer = await this.http!.inject({
      method: 'GET',
      url: path,
      headers: {
        ...(authorization && { authorization }),
        ...(cookie && { cookie }),
        ...(traceparent && { traceparent }),
      },
    });
    if (answer.statusCode === 404) return { state: null };
    const body = answer.statusCode === 200 ? objectIn(answer.payload) : undefined;
    // A page of a list is nobody's state.
    return body && !Array.isArray(body.data) ? { state: body } : undefined;
  }
}

/** Whoever is to be recorded with what they do; undefined for everybody else. */
function adminOf({ method, caller, routeOptions }: AuditedRequest): Admin | undefined {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method) || !caller || caller.kind === 'recipient') return undefined;
  return caller.kind === 'member' || isForAdmins(routeOptions.url ?? '') ? caller : undefined;
}

/** What viewers may do beside reading changes nothing, such as previews. A member's own session and password do change. */
function changesNothing(rule: Rule | undefined, method: string): boolean {
  return rule !== undefined && rule.access !== 'member' && leastRole(rule, method) === 'viewer';
}

function actorOf(caller: Admin): Actor {
  if (caller.kind === 'member') return { kind: 'member', id: caller.memberId, name: caller.name, role: caller.role };
  return { kind: 'api_key', id: caller.keyId, name: caller.name, role: caller.scopes.join(' ') };
}

/** What a thing that was just made is called. */
function nameOf(answer: Record<string, unknown> | undefined): string | undefined {
  const name = answer?.id ?? answer?.key ?? answer?.name;
  return typeof name === 'string' ? name : undefined;
}

function objectIn(payload: unknown): Record<string, unknown> | undefined {
  if (typeof payload !== 'string' || !payload.startsWith('{')) return undefined;
  try {
    return JSON.parse(payload) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
