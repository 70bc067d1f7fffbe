import { hash } from 'node:crypto';

/**
 * A deterministic, time-ordered id (UUIDv8): the time in milliseconds, then a hash of what makes it unique. The same
 * kind of id as Carillon's, because without it a redelivery would not write the same row.
 */
export function deterministicId(timeMs: number, what: string): string {
  const digest = hash('sha256', what);
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-8${digest.slice(0, 3)}-8${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}
