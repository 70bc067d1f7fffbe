import { inlinePartials, type Origin } from './inline-partials.ts';
import { isOutput, token } from './liquid-tokens.ts';
import { mistakeAt, SourceError } from './source-error.ts';

/** The frame around every email. */
export interface EmailLayout {
  /** MJML with the slots `[[lang]]`, `[[subject]]`, `[[preheader]]`, `[[greeting]]` and `[[body]]`, and one per word. */
  mjml: string;
  /** The frame's own words in one language, with Liquid in them. */
  words: Record<string, string>;
  /** Where the lines of the body come from, after partials were put into it; without it they are its own. */
  bodyOrigins?: readonly Origin[];
}

/**
 * The layout with its partials in their places.
 *
 * @throws SourceError naming every partial that cannot be put in its place
 */
export function layoutWithPartials(
  { mjml, words }: EmailLayout,
  partials: Readonly<Record<string, string>>,
  bodyOrigins?: readonly Origin[],
): EmailLayout {
  const texts = Object.entries({ mjml, ...words }).map(
    ([name, text]) => [name, inlinePartials(text, partials)] as const,
  );
  const mistakes = texts.flatMap(([name, inlined]) =>
    inlined.mistakes.map((mistake) => mistakeAt('layout', `${name}: ${mistake.message}`, mistake)),
  );
  if (mistakes.length > 0) throw new SourceError(mistakes);
  const { mjml: whole, ...rest } = Object.fromEntries(texts.map(([name, { text }]) => [name, text]));
  return { mjml: whole!, words: rest, ...(bodyOrigins && { bodyOrigins }) };
}

/**
 * Puts an email's parts into the layout.
 *
 * @throws Error when the layout has a slot that nothing fills
 */
export function fillLayout(layout: EmailLayout, slots: Record<string, string>): string {
  const values: Record<string, string> = { ...layout.words, ...slots };
  return layout.mjml.replace(/\[\[(\w+)\]\]/g, (_, slot: string) => {
    const value = values[slot];
    if (value === undefined) throw new Error(`the email layout has a slot "${slot}" that nothing fills`);
    return value;
  });
}

/** Components whose content is HTML or text; between all others only components may stand. */
const textComponents =
  /<(mj-(?:title|preview|style|text|button|table|raw|accordion-title|accordion-text))\b[^>]*>[^]*?<\/\1>|<[^>]*>/g;

/**
 * Between MJML components only components may stand, so a condition there is wrapped in `<mj-raw>`:
 * writers of templates write `{% if link %}<mj-button …>…</mj-button>{% endif %}` and no more.
 *
 * @param mjml with tokens instead of Liquid
 * @param pieces the Liquid by number
 * @param refuse told of every value outside any text, which MJML would drop without a word
 */
export function wrapConditions(
  mjml: string,
  pieces: readonly string[],
  refuse: (mistake: string, piece: number) => void,
): string {
  const wrap = (between: string): string =>
    between.replace(token, (found, number: string) => {
      const piece = pieces[Number(number)]!;
      if (isOutput(piece)) refuse(`${piece} stands outside any text; put it into <mj-text>`, Number(number));
      return `<mj-raw>${found}</mj-raw>`;
    });
  let wrapped = '';
  let from = 0;
  for (const { 0: component, index } of mjml.matchAll(textComponents)) {
    wrapped += wrap(mjml.slice(from, index)) + component;
    from = index + component.length;
  }
  return wrapped + wrap(mjml.slice(from));
}
