import { token } from './liquid-tokens.ts';

/** `{{ brand.colors.primary }}`, or any value whose last filter checks that it is a colour: `{{ color_of_house | color }}`. */
const colorOutput = /^\{\{-?\s*(?:brand\.colors\.\w+|[^"'|]+\|(?:\s*default:[^"'|]+\|)?\s*color)\s*-?\}\}$/;

/** Whether a piece of Liquid writes nothing but a colour, and may therefore stand in a style. */
export function isColor(piece: string): boolean {
  return colorOutput.test(piece);
}

/** The piece with the filter that checks the value when it is filled in: a template may give the name `brand` to something else. */
export function checkedColor(piece: string): string {
  return /\|\s*color\s*-?\}\}$/.test(piece) ? piece : piece.replace(/\s*(-?\}\})$/, ' | color $1');
}

/** Markup in which colours stand where colours were tokens, and the way back. */
export interface PaintedMarkup {
  markup: string;
  restore(compiled: string): string;
}

/**
 * MJML takes colours for its colour attributes and nothing else, so each token of a colour travels through it as a colour that
 * the markup does not have.
 *
 * @param markup with tokens instead of Liquid
 * @param pieces the Liquid by number
 */
export function paint(markup: string, pieces: readonly string[]): PaintedMarkup {
  const used = new Set(markup.toLowerCase().match(/#[0-9a-f]{6}/g));
  const tokens = new Map<string, string>();
  let next = 0xc0_10_00;
  const painted = markup.replace(token, (found, number: string) => {
    if (!isColor(pieces[Number(number)]!)) return found;
    let color: string;
    do color = `#${(next++).toString(16)}`;
    while (used.has(color));
    tokens.set(color, found);
    return color;
  });
  return {
    markup: painted,
    restore: (compiled) => compiled.replace(/#c0[0-9a-f]{4}/gi, (color) => tokens.get(color.toLowerCase()) ?? color),
  };
}
