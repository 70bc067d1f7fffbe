import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Whether the work at hand is a request, and of which tenant. Statements of a request run as a database role that sees that
 * tenant's rows alone (docs/decisions/0033); everything else is the pipeline, whose batches mix tenants. Nobody who writes SQL
 * has to think of it: the async context carries it.
 */
interface RequestScope {
  /** Undefined while nobody knows who asks: then no table has a row. */
  tenant: string | undefined;
  open: boolean;
}

const scopes = new AsyncLocalStorage<RequestScope | undefined>();

/** Something went on after its request was answered, so nobody can say any more what it may see. */
export class RequestOver extends Error {
  override readonly name = 'RequestOver';

  constructor() {
    super(
      'A request that was answered has left work behind that uses the database. Await it; or, if it is work of the service, ' +
        'begin it within outsideRequests(…).',
    );
  }
}

/** Runs the whole of a request of a tenant. Statements that it begins after it has ended fail with {@link RequestOver}. */
export async function asRequestOf<T>(tenant: string | undefined, work: () => T | Promise<T>): Promise<T> {
  const scope: RequestScope = { tenant, open: true };
  try {
    return await scopes.run(scope, work);
  } finally {
    scope.open = false;
  }
}

/**
 * The same for HTTP, where it shows later whose request it is ({@link requestIsOf}). It has no end: an answer may be given up while
 * its work goes on.
 * @param next goes on with the request
 */
export function beginRequest(next: () => void): void {
  scopes.run({ tenant: undefined, open: true }, next);
}

/**
 * It is known now who asks.
 * @param tenant undefined: it stays nobody's
 * @throws Error where no request is under way, or it is another tenant's
 */
export function requestIsOf(tenant: string | undefined): void {
  const scope = scopes.getStore();
  if (!scope) throw new Error('no request is under way');
  if (scope.tenant !== undefined && scope.tenant !== tenant) throw new Error('the request is another tenant’s');
  scope.tenant = tenant;
}

/**
 * Work of the service itself that a request only sets off, such as a loop that is woken, or what has to come before it is known whose
 * request it is. It runs as the pipeline does and sees the rows of all tenants. `tenancy.spec.ts` of apps/e2e lists every use
 * with its reason.
 */
export function outsideRequests<T>(work: () => T): T {
  return scopes.run(undefined, work);
}

/** The request under way; undefined in the pipeline. @throws RequestOver */
export function requestUnderWay(): { tenant: string | undefined } | undefined {
  const scope = scopes.getStore();
  if (scope && !scope.open) throw new RequestOver();
  return scope;
}
