/**
 * MJML and the HTML-to-text conversion know nothing of Liquid: quotes in a `{{ … }}` end an attribute early, a
 * `{% … %}` between two table rows is moved. So each piece of Liquid travels through them as one token of two
 * private-use characters around a number, and is put back afterwards.
 */
export interface ProtectedLiquid {
  /** The source with tokens instead of Liquid. */
  readonly text: string;
  /** The Liquid by number. */
  readonly pieces: readonly string[];
}

/** Matches one token; the group is its number. */
export const token = /\uE000(\d+)\uE001/g;

/** @throws Error when the source already has the two characters that mark a token */
export function protectLiquid(source: string): ProtectedLiquid {
  if (/[\uE000\uE001]/.test(source)) throw new Error('must not contain the characters U+E000 and U+E001');
  const pieces: string[] = [];
  const text = source.replace(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, (piece) => `\uE000${pieces.push(piece) - 1}\uE001`);
  return { text, pieces };
}

/** Puts the Liquid back. */
export function restoreLiquid(text: string, pieces: readonly string[]): string {
  return text.replace(token, (_, number: string) => pieces[Number(number)]!);
}

/** Whether a piece writes a value (`{{ … }}`) rather than deciding something (`{% … %}`). */
export function isOutput(piece: string): boolean {
  return piece.startsWith('{{');
}
