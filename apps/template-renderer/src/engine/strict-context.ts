import { isNothing } from '@carillon/contracts';
import { Context, toValueSync } from 'liquidjs';

type Path = Parameters<Context['_getFromScope']>[1];

/**
 * A variable that is written out but not there. LiquidJS wraps it with the position, and takes it for null where the variable is
 * asked for first (`{% if name %}`) or has a default: it knows it by this name.
 */
export class MissingVariable extends Error {
  override readonly name = 'InternalUndefinedVariableError';

  constructor(readonly variableName: string) {
    // Thrown for every `{% if name %}` without a name: finding out where from took more than the rest of an email's rendering.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`undefined variable: ${variableName}`);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** LiquidJS misses only what is undefined. To a reader null and empty text are missing just as much: "Hello ,". */
export class StrictContext extends Context {
  override *_getFromScope(scope: unknown, path: Path, strict = this.strictVariables): IterableIterator<unknown> {
    const value: unknown = toValueSync(super._getFromScope(scope, path, strict));
    // Filters that look into the elements of a list (`map`, `sort`) take those that lack something too.
    if (!strict) return value;
    const names = typeof path === 'string' ? path.split('.') : path;
    if (leavesGap(this, scope, names, value)) throw new MissingVariable(names.join('.'));
    return value;
  }

  /** Between any two values that a template reads, time may be up: a single expression can have thousands of them. */
  override readProperty(...[object, key]: Parameters<Context['readProperty']>): unknown {
    this.renderLimit.check(performance.now());
    // LiquidJS' own objects (`forloop`) show what they inherit, their constructor too.
    if (typeof key === 'string' && key in Object.prototype && !Object.hasOwn(Object(object) as object, key))
      return undefined;
    return super.readProperty(object, key);
  }
}

/** What a template has assigned or captured itself may be empty: that is its own doing. */
export function leavesGap(context: Context, scope: unknown, path: readonly unknown[], value: unknown): boolean {
  const own = path.length === 1 && scope === context.bottom();
  return own ? value === null || value === undefined : isNothing(value);
}
