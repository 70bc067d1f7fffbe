import { Problem, type TenantStanding } from '@carillon/contracts';
import { platformScope, roles, type Caller, type Role, type Scope } from './scopes.ts';

/** Whose credential opens a route: an API key with a scope, a recipient's token, any member's session, or none at all. */
export type Access = Scope | typeof platformScope | 'recipient' | 'member' | 'public';

/** The least role of the members who may use a route as well. */
export type Roles =
  | Role
  /** For a whole controller: GET, and everything else. */
  | { readonly read: Role; readonly change: Role };

/** What a route says of who may use it. */
export interface Rule {
  readonly access: Access;
  /** Of members; undefined: none of them may, unless `access` is `member`. */
  readonly roles?: Roles;
}

/** The least role that opens the route by this HTTP method. */
export function leastRole({ access, roles: named }: Rule, method: string): Role | undefined {
  if (access === 'member') return roles[0];
  if (typeof named !== 'object') return named;
  return ['GET', 'HEAD'].includes(method.toUpperCase()) ? named.read : named.change;
}

/** Whether somebody may use a route that is not public. */
export function allows(rule: Rule, method: string, caller: Caller): boolean {
  switch (caller.kind) {
    case 'recipient':
      return rule.access === 'recipient';
    case 'api_key':
      return (
        isForKeys(rule) &&
        (caller.scopes.includes(rule.access) || (rule.access !== platformScope && caller.scopes.includes('admin')))
      );
    case 'member': {
      const least = leastRole(rule, method);
      return least !== undefined && roles.indexOf(caller.role) >= roles.indexOf(least);
    }
  }
}

/** Whether API keys may use the route at all. */
export function isForKeys({ access }: Rule): boolean {
  return access !== 'recipient' && access !== 'member' && access !== 'public';
}

/** 401 */
export function unauthorized(): Problem {
  return new Problem({
    status: 401,
    code: 'unauthorized',
    title: 'Authentication is needed',
    detail: 'Send "Authorization: Bearer …" with a valid API key (ck_…) or recipient token, or sign in to the console.',
  });
}

/** Whoever it is of a tenant that is not active. @throws Problem 403 `tenant_suspended`, `tenant_erased` */
export function refuseStanding(standing: TenantStanding): void {
  if (standing === 'active') return;
  throw new Problem({
    status: 403,
    code: `tenant_${standing}`,
    title: standing === 'suspended' ? 'The tenant is suspended' : 'The tenant is no more',
    ...(standing === 'suspended' && { detail: 'Nothing is lost; ask whoever runs this installation of Carillon.' }),
  });
}

/** 403 that says who may. */
export function forbidden(rule: Rule, method: string): Problem {
  return new Problem({
    status: 403,
    code: 'forbidden',
    title: 'Not allowed',
    detail: `This needs ${needed(rule, method)}.`,
  });
}

function needed(rule: Rule, method: string): string {
  if (rule.access === 'recipient') return 'a recipient token';
  if (rule.access === 'member') return 'a member who has signed in';
  const role = leastRole(rule, method);
  const key = `an API key with the scope ${rule.access}`;
  return role ? `${key} or a member with the role ${role}${role === 'owner' ? '' : ' or above'}` : key;
}
