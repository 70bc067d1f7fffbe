/** What a template can take too much of. */
export type LimitName = 'time' | 'memory' | 'output';

/** A template cannot be parsed or filled in. The message never contains data. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';

  /**
   * @param reason in words
   * @param variable the variable that is missing, where that is the reason
   * @param limit what it took too much of, where that is the reason
   */
  constructor(
    readonly reason: string,
    readonly variable?: string,
    readonly limit?: LimitName,
  ) {
    super(reason);
  }
}

/** LiquidJS' reason without its excerpt of the source, which can be long; the position is kept. */
export function reasonOf(error: unknown): string {
  const cause = (error as { originalError?: unknown }).originalError ?? error;
  // The stack of LiquidJS, which calls itself for every level.
  if (cause instanceof RangeError && cause.message.includes('call stack')) return 'is nested too deeply';
  return error instanceof Error ? error.message.split('\n', 1)[0]! : String(error);
}
