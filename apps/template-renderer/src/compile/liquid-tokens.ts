import { TokenKind, Tokenizer } from 'liquidjs';

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
  /** Where each piece begins in the source. */
  readonly starts: readonly number[];
}

/** Matches one token; the group is its number. */
export const token = /\uE000(\d+)\uE001/g;

/** @throws Error when the source already has the two characters that mark a token */
export function protectLiquid(source: string): ProtectedLiquid {
  if (/[\uE000\uE001]/.test(source)) throw new Error('must not contain the characters U+E000 and U+E001');
  const pieces: string[] = [];
  const starts: number[] = [];
  let text = '';
  let from = 0;
  for (const { begin, end } of piecesOf(source)) {
    text += `${source.slice(from, begin)}\uE000${pieces.length}\uE001`;
    pieces.push(source.slice(begin, end));
    starts.push(begin);
    from = end;
  }
  return { text: text + source.slice(from), pieces, starts };
}

/**
 * As LiquidJS itself cuts the source, whatever stands in quotes: a piece that ended elsewhere for it than here could bring a
 * value to where none may stand. A source that it refuses is refused by the parser anyway.
 */
function piecesOf(source: string): { begin: number; end: number }[] {
  try {
    return new Tokenizer(source)
      .readTopLevelTokens()
      .filter(({ kind }) => kind === TokenKind.Output || kind === TokenKind.Tag);
  } catch {
    return [];
  }
}

/** Puts the Liquid back. */
export function restoreLiquid(text: string, pieces: readonly string[]): string {
  return text.replace(token, (_, number: string) => pieces[Number(number)]!);
}

/** Whether a piece writes a value (`{{ … }}`) rather than deciding something (`{% … %}`). */
export function isOutput(piece: string): boolean {
  return piece.startsWith('{{');
}
