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

/** What waits for a reader of standard output at most, in bytes; lines beyond that are dropped, rather than the service's memory filled. */
const waitingAtMost = 8 * 1024 * 1024;

/**
 * Standard output, written to beside the main thread. At a fatal line and at exit pino would write what is left synchronously: to a pipe
 * that nobody reads for ever, and no signal would reach the process any more. Whoever ends the process awaits `flush` instead.
 */
function standardOutput(): DestinationStream {
  // With `minLength: 0` its `flush` awaits nothing; with 1 every line is written at once, too.
  const stream = pino.destination({ sync: false, minLength: 1, maxLength: waitingAtMost });
  stream.flushSync = () => undefined;
  return stream;
}

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
      destination ?? standardOutput(),
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

  /** Resolves once what is buffered is written; never, while nobody reads the other end of the pipe. */
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
 * are whole rows. What PostgreSQL itself quotes of them, `libs/persistence` has taken out.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!isError(error)) return depth === 0 ? error : undefined;
  const { name, message, stack, cause, code, table, column, constraint, errors } = error as Error &
    Record<string, unknown>;
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
    column,
    constraint,
    stack,
    cause: depth < 4 ? describeError(cause, depth + 1) : undefined,
  };
}
