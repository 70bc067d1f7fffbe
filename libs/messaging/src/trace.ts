/** W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace of the work at hand, carried by the async context. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();
const wellFormed = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The `traceparent` of the message or request being worked on. */
export function currentTraceparent(): string | undefined {
  return current.getStore();
}

/** Runs work under a trace: the given one, or a new one where none came or it is malformed. */
export function withTrace<T>(traceparent: string | undefined, work: () => T): T {
  return current.run(traceparent !== undefined && wellFormed.test(traceparent) ? traceparent : newTraceparent(), work);
}

/** Ids need to be unique, not secret: randomUUID draws from a pool and costs a tenth of fresh random bytes. */
function newTraceparent(): string {
  const random = (randomUUID() + randomUUID()).replaceAll('-', '');
  return `00-${random.slice(0, 32)}-${random.slice(32, 48)}-01`;
}
