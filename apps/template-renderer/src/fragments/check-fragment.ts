import type { FieldError, FragmentKind, FragmentSource, LayoutSource, PartialSource } from '@carillon/contracts';
import { compileEmail } from '../compile/compile-email.ts';
import { layoutWithPartials, slotPattern, slotsOfEmails } from '../compile/email-layout.ts';
import { inlinePartials } from '../compile/inline-partials.ts';
import { liquidMistake, mistakeAt, SourceError, type Mistake } from '../compile/source-error.ts';
import { parse, TemplateError } from '../engine/index.ts';
import type { TenantFragments } from './tenant-fragments.ts';

/**
 * Everything that is wrong with a layout or partial by itself, by line and column.
 *
 * @param fragments with it in use
 */
export async function checkFragment(
  kind: FragmentKind,
  key: string,
  source: FragmentSource,
  fragments: TenantFragments,
): Promise<FieldError[]> {
  const mistakes =
    kind === 'layout'
      ? await mistakesOfLayout(key, source as LayoutSource, fragments)
      : await mistakesOfPartial(key, source as PartialSource, fragments);
  return mistakes.map(({ field, ...mistake }) => ({ path: field, ...mistake }));
}

async function mistakesOfPartial(
  key: string,
  { text, translations = {} }: PartialSource,
  fragments: TenantFragments,
): Promise<Mistake[]> {
  const texts = [
    ['text', 'en', text],
    ...Object.entries(translations).map(([at, of]) => [`translations.${at}`, at, of]),
  ];
  const mistakes = texts.map(async ([field, locale, written]) => {
    const wrong = mistakesOfLiquid(field!, written!);
    if (wrong.length > 0) return wrong;
    const inlined = inlinePartials(written!, fragments.partialsOf(written, locale!), key);
    if (inlined.mistakes.length > 0) {
      return inlined.mistakes.map((mistake) => mistakeAt(field!, mistake.message, mistake));
    }
    // What else it is made for shows in the templates that use it.
    if (!/<mj-/i.test(inlined.text)) return [];
    const frame = {
      mjml: '<mjml><mj-body><mj-section><mj-column>\n[[body]]\n</mj-column></mj-section></mj-body></mjml>',
    };
    const layout = { ...frame, words: {}, bodyStretches: inlined.stretches };
    return (await mistakesOfEmail(inlined.text, locale!, layout)).map((mistake) => ({ ...mistake, field: field! }));
  });
  return (await Promise.all(mistakes)).flat();
}

async function mistakesOfLayout(key: string, source: LayoutSource, fragments: TenantFragments): Promise<Mistake[]> {
  const { mjml, words = {} } = source;
  const texts = Object.entries(words).flatMap(([language, slots]) =>
    Object.entries(slots).map(([slot, text]) => [`words.${language}.${slot}`, text] as const),
  );
  const wrong = [['mjml', mjml] as const, ...texts].flatMap(([field, text]) => mistakesOfLiquid(field, text));
  wrong.push(...mistakesOfSlots(mjml, Object.keys(fragments.layout(key, 'en')!.words)));
  if (wrong.length > 0) return wrong;
  const languages = new Set(['en', ...Object.keys(words)]);
  for (const locale of languages) {
    const layout = fragments.layout(key, locale)!;
    try {
      const whole = layoutWithPartials(layout, fragments.partialsOf(layout, locale));
      wrong.push(...(await mistakesOfEmail('<mj-text>-</mj-text>', locale, whole)));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      wrong.push(...error.mistakes);
    }
    // The same in every language, most of the time.
    if (wrong.length > 0) break;
  }
  const lineOfBody = mjml.slice(0, mjml.indexOf('[[body]]')).split('\n').length;
  return wrong.map((mistake) => {
    if (mistake.field !== 'body' || mistake.line === undefined) return { ...mistake, field: 'mjml' };
    // What is wrong in the line that the body stands in is not the body, which is known to be right.
    return mistakeAt('mjml', mistake.message.replace(/^line \d+(?:, column \d+)?: /, ''), { line: lineOfBody });
  });
}

function mistakesOfLiquid(field: string, text: string): Mistake[] {
  try {
    parse('html', text);
    return [];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [liquidMistake(field, error.reason)];
  }
}

function mistakesOfSlots(mjml: string, words: readonly string[]): Mistake[] {
  const known = new Set<string>([...slotsOfEmails, ...words]);
  const mistakes: Mistake[] = [];
  let bodies = 0;
  for (const { 0: found, 1: slot, index } of mjml.matchAll(slotPattern)) {
    if (slot === 'body') bodies++;
    if (known.has(slot!)) continue;
    const before = mjml.slice(0, index);
    const place = { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
    mistakes.push(
      mistakeAt(
        'mjml',
        `${found} is no slot that anything fills; give words.en.${slot}, or use one of ${[...known].join(', ')}`,
        place,
      ),
    );
  }
  if (bodies !== 1) mistakes.push({ field: 'mjml', message: `must have the slot [[body]] once, not ${bodies} times` });
  return mistakes;
}

async function mistakesOfEmail(
  body: string,
  locale: string,
  layout: Parameters<typeof compileEmail>[2],
): Promise<readonly Mistake[]> {
  try {
    const compiled = await compileEmail({ subject: '-', body, greeting: true }, locale, layout);
    parse('html', compiled.html);
    return [];
  } catch (error) {
    if (error instanceof SourceError) return error.mistakes;
    if (error instanceof TemplateError) return [liquidMistake('body', error.reason)];
    throw error;
  }
}
