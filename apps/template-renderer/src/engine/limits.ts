/** What one part of a template (a subject, a body) may take when it is filled in. */
export interface Allowance {
  /** Milliseconds of computing; what other threads and processes do meanwhile does not count. */
  readonly time: number;
  /** List elements and characters that filters, ranges and captures may handle; what takes longer per element counts more. */
  readonly memory: number;
  /** Characters of output: Gmail cuts an email off after 102,400 bytes. */
  readonly output: number;
  /** The share of the time in which it may compute; it rests in between, so that others come first. Missing: all of it. */
  readonly share?: number;
}

/**
 * What a template may have and take. A built-in email takes about 10,000 characters and well under a millisecond; beyond these
 * figures a template is broken or hostile.
 */
export const limits = {
  /** Characters of one text as it is written. Some of what is done when it is saved takes the square of its length. */
  written: 50_000,
  /** MJML components of one email: half a millisecond each to compile. */
  components: 500,
  /** Characters of Liquid that is left when it is compiled. */
  source: 200_000,
  time: 250,
  memory: 1_000_000,
  output: 500_000,
} as const satisfies Allowance & Record<string, number>;

/** What a part may take in a worker. The lowest priority is not enough: whoever is needed waits until its slice of a processor ends. */
export const inWorker = { ...limits, share: 0.25 } as const satisfies Allowance;

/**
 * What a part may take in the service's own thread, where meanwhile nobody else is served; and what its template may have to be
 * parsed there. Whatever needs more is filled in by a worker.
 */
export const ownThread = {
  /** Characters of all parts together. */
  source: 60_000,
  /** Of them, in `{{ … }}` and `{% … %}`: a microsecond each to parse. */
  liquid: 8_000,
  time: 5,
  memory: 100_000,
  output: 150_000,
} as const satisfies Allowance & Record<string, number>;
