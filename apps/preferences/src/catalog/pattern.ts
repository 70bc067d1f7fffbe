import { RE2JS } from 're2js';

/** A pattern that cannot be used; the message says why. */
export class InvalidPattern extends Error {
  override readonly name = 'InvalidPattern';
}

/** Instructions of a compiled pattern: `^[A-Z]{2}\d{4}$` has 8. */
const mostInstructions = 2_000;

/** Longer texts match no pattern, as the time is the product of both. */
const longestText = 4_096;

/**
 * A regular expression of a tenant's schema. JavaScript's own engine backtracks: one pattern such as `^(a+)+$` and thirty letters
 * would hold up all tenants for minutes. Whether a pattern is of that kind cannot be decided reliably, so they run on an engine
 * whose time is linear in the text (RE2's syntax: JavaScript's without lookarounds and back-references).
 *
 * @throws InvalidPattern
 */
export function safePattern(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = compile(pattern);
  if (compiled.programSize() > mostInstructions) throw new InvalidPattern('is too large; repeat less often');
  return {
    test: (text) => text.length <= longestText && compiled.test(text),
    // By its text Ajv tells patterns apart.
    toString: () => pattern,
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (error) {
    const reason = (error as Error).message.replace('error parsing regexp: ', '');
    throw new InvalidPattern(
      `is no regular expression that can be used: ${reason}. Lookarounds and back-references are not known`,
    );
  }
}
