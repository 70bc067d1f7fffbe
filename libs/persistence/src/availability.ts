/**
 * SQLSTATE classes and codes that say "the database is away", not "the statement is wrong": connection exceptions (08;
 * except 08P01, by which PostgreSQL also means a statement with too few values), operator intervention such as a shutdown
 * (57P), a full disk (53100), too many connections (53300), a server still in recovery.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const awayState = /^(08(?!P01)...|57P0[1-5]|53100|53300|25006)$/;
const awayErrno = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
]);
const awayMessage =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|not queryable|Driver not Connected/i;

/** Whether an error means that PostgreSQL cannot be reached right now, so that the work should wait rather than fail. */
export function isDatabaseAway(error: unknown): boolean {
  // Not `instanceof Error`: errors of Node's own sockets may come from another realm, as they do in a test runner's sandbox.
  if (typeof error !== 'object' || error === null || !('message' in error)) return false;
  const { driverError, errors, code, message } = error as Error & {
    driverError?: Error;
    errors?: unknown[];
    code?: string;
  };
  if (driverError && driverError !== error) return isDatabaseAway(driverError);
  if (errors?.some(isDatabaseAway)) return true; // AggregateError of a connect to several addresses
  return (code !== undefined && (awayState.test(code) || awayErrno.has(code))) || awayMessage.test(message);
}

/** Whether a statement was given up because others held a lock for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return (error as { code?: string } | undefined)?.code === '55P03';
}
