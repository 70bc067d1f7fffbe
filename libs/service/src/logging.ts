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
    if (message instanceof Error) this.pino[level]({ context, err: message });
    else if (typeof message === 'object' && message !== null) this.pino[level]({ context, ...message });
    else this.pino[level]({ context, ...(stack && { stack }) }, String(message));
  }
}
