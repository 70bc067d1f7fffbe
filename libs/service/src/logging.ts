import { types } from 'node:util';
import type { LoggerService } from '@nestjs/common';
import { currentTraceparent } from '@carillon/messaging';
import { pino, type DestinationStream, type Logger } from 'pino';

/** Members that are never printed, wherever they stand up to two levels deep: credentials and personal data. */
const secret = [
  'authorization',
  'password',
  'token',
  'secret',
  'api_key',
  'email',
  'phone',
  'address',
  'to',
  'text',
  'html',
];

/** Nest's logger on pino: one JSON line per entry, with the service's name and the trace at hand. */
export class JsonLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(service: string, level: string, destination?: DestinationStream) {
    this.pino = pino(
      {
        level,
        base: { service },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { err: (value: unknown) => describeError(value), error: (value: unknown) => describeError(value) },
        redact: { paths: secret.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
        mixin: () => ({ trace_id: currentTraceparent()?.slice(3, 35) }),
      },
      destination ?? pino.destination({ sync: false, minLength: 0 }),
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Writes what is still buffered; the last thing before the process ends. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.pino.flush(() => resolve()));
  }

  /** Nest appends the context (a class name), and for errors a stack before it. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.length > 0 && typeof rest.at(-1) === 'string' ? (rest.pop() as string) : undefined;
    const stack = typeof rest[0] === 'string' ? rest[0] : undefined;
    const err = rest.find(isError);
    if (isError(message)) this.pino[level]({ context, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.pino[level]({ context, ...message });
    else this.pino[level]({ context, ...(stack && { stack }), ...(err && { err }) }, String(message));
  }
}

/** Also of an error from another realm, as those of Node's own sockets are in a test runner's sandbox. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/**
 * What may be printed of an error: chosen, not everything it carries. A failed statement carries its parameters, which
 * are whole rows, and PostgreSQL's `detail`, which quotes them.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!isError(error)) return depth === 0 ? error : undefined;
  const { name, message, stack, cause, code, table, constraint, errors } = error as Error & Record<string, unknown>;
  return {
    type: error.constructor?.name || name,
    // A connect that failed at several addresses has its words only in the single errors.
    message:
      message ||
      (Array.isArray(errors)
        ? errors
            .filter(isError)
            .map((each) => each.message)
            .join(', ')
        : ''),
    code,
    table,
    constraint,
    stack,
    cause: depth < 4 ? describeError(cause, depth + 1) : undefined,
  };
}
