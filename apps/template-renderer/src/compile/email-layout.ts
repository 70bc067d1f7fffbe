import { inlinePartials, type Stretch } from './inline-partials.ts';
import { localesFor } from '../templates/lookup-order.ts';
import { isOutput, token } from './liquid-tokens.ts';
import { mistakeAt, SourceError } from './source-error.ts';

/** The frame around every email. */
export interface EmailLayout {
  /** MJML with the slots `[[lang]]`, `[[subject]]`, `[[preheader]]`, `[[greeting]]` and `[[body]]`, and one per word. */
  mjml: string;
  /** The frame's own words in one language, with Liquid in them. */
  words: Record<string, string>;
  /** What the MJML and the body are made of, after partials were put into them. */
  stretches?: readonly Stretch[];
  bodyStretches?: readonly Stretch[];
}

/** Words of a frame by language and slot. */
export type FrameWords = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The words of a frame for emails in one language: each in the language that is nearest to it.
 *
 * @param sources the first one that has a word in a language says it
 */
export function frameWordsFor(locale: string, sources: readonly FrameWords[]): Record<string, string> {
  const words: Record<string, string> = {};
  const any = sources.flatMap((source) => Object.keys(source));
  for (const language of [...localesFor(locale), ...any]) {
    for (const source of sources) {
      for (const [slot, text] of Object.entries(source[language] ?? {})) words[slot] ??= text;
    }
  }
  return words;
}

/**
 * The layout with its partials in their places.
 *
 * @throws SourceError naming every partial that cannot be put in its place
 */
export function layoutWithPartials(
  { mjml, words }: EmailLayout,
  partials: Readonly<Record<string, string>>,
  bodyStretches?: readonly Stretch[],
): EmailLayout {
  const frame = inlinePartials(mjml, partials);
  const inWords = Object.entries(words).map(([slot, text]) => [slot, inlinePartials(text, partials)] as const);
  const mistakes = [
    ...frame.mistakes.map((mistake) => mistakeAt('layout', mistake.message, mistake)),
    ...inWords.flatMap(([slot, text]) =>
      text.mistakes.map((mistake) => mistakeAt('layout', `[[${slot}]]: ${mistake.message}`, mistake)),
    ),
  ];
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return {
    mjml: frame.text,
    words: Object.fromEntries(inWords.map(([slot, { text }]) => [slot, text])),
    stretches: frame.stretches,
    ...(bodyStretches && { bodyStretches }),
  };
}

/** A place in a layout that something is put into. */
export const slotPattern = /\[\[(\w+)\]\]/g;

/** The slots that an email itself fills; all others are words of the frame. */
export const slotsOfEmails = ['lang', 'subject', 'preheader', 'greeting', 'body'] as const;

/**
 * Puts an email's parts into the layout. All but the body become one line, so that the lines around it stay those of the layout.
 *
 * @throws Error when the layout has a slot that nothing fills
 */
export function fillLayout(layout: EmailLayout, slots: Record<string, string>): string {
  const values: Record<string, string> = { ...layout.words, ...slots };
  return layout.mjml.replace(slotPattern, (_, slot: string) => {
    const value = values[slot];
    if (value === undefined) throw new Error(`the email layout has a slot "${slot}" that nothing fills`);
    return slot === 'body' ? value : value.replace(/\s*\n\s*/g, ' ');
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
