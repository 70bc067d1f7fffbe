import { limits } from '../engine/index.ts';
import { plainTextOf } from '../engine/plain-text.ts';
import { escapeHtml } from '../engine/text.ts';
import type { EmailSource } from '../templates/template-source.ts';
import { paint } from './colors.ts';
import { originOf } from './inline-partials.ts';
import { fillLayout, wrapConditions, type EmailLayout } from './email-layout.ts';
import { isOutput, protectLiquid, restoreLiquid, token } from './liquid-tokens.ts';
import { keepToSafePlaces } from './safe-places.ts';
import { mistakeAt, SourceError, type Mistake } from './source-error.ts';

/** An email with a body in Carillon's frame. */
export type MjmlEmailSource = Pick<EmailSource, 'subject' | 'preheader' | 'text' | 'greeting'> & { body: string };

/**
 * From MJML to the three parts of an email, with Liquid left in them.
 *
 * @throws SourceError naming everything that is wrong with the body, by line where it is known
 */
export async function compileEmail(
  source: MjmlEmailSource,
  locale: string,
  layout: EmailLayout,
): Promise<{ subject: string; html: string; text: string }> {
  const marked = (['subject', 'preheader', 'body'] as const).filter((field) =>
    /[\uE000\uE001]/.test(source[field] ?? ''),
  );
  if (marked.length > 0) {
    throw new SourceError(
      marked.map((field) => ({ field, message: 'must not contain the characters U+E000 and U+E001' })),
    );
  }
  const mistakes: Mistake[] = [];
  const refuse = (message: string, { field = 'body', within, ...place }: Place = {}): void =>
    void mistakes.push(mistakeAt(field, within ? `in ${within}: ${message}` : message, place));
  if (/<mj-include\b/i.test(source.body)) refuse('<mj-include> is not allowed; a template is complete in itself');
  const components = source.body.match(/<mj-/gi)?.length ?? 0;
  if (components > limits.components) refuse(`has ${components} components; at most ${limits.components} are allowed`);
  if (mistakes.length > 0) throw new SourceError(mistakes);
  const { mjml, placeOf } = documentOf(source, locale, layout);
  const { text: markup, pieces, starts } = protectLiquid(mjml);
  const refusePiece = (message: string, piece?: number): void =>
    refuse(message, piece === undefined ? {} : placeOf(...positionIn(mjml, starts[piece]!)));
  try {
    const { markup: painted, restore } = paint(wrapConditions(markup, pieces, refusePiece), pieces);
    const html = restore(
      tidy(await mjmlToHtml(painted, (message, line) => refuse(message, line ? placeOf(line) : {}))),
    );
    const safe = keepToSafePlaces(html, pieces, refusePiece);
    const text = source.text ?? restoreLiquid(withoutGaps(plainTextOf(html), pieces), safe);
    if (mistakes.length === 0) return { subject: source.subject, html: restoreLiquid(html, safe), text };
  } catch (error) {
    // The stack of MJML or of the HTML-to-text conversion, which call themselves for every level.
    if ((error as Error).name !== 'RangeError') throw error;
    refuse('is nested too deeply');
  }
  throw new SourceError(mistakes);
}

/** Where in the body something stands, or in what of that which is around or within it. */
interface Place {
  /** The body, unless it is this. */
  field?: 'body' | 'layout';
  line?: number;
  column?: number;
  within?: string;
}

function documentOf(
  source: MjmlEmailSource,
  locale: string,
  layout: EmailLayout,
): { mjml: string; placeOf: (line: number, column?: number) => Place } {
  const greeting = source.greeting ? (layout.words.greeting ?? '') : '';
  const slots = {
    lang: locale,
    subject: escapeWords(source.subject),
    preheader: escapeWords(source.preheader ?? ''),
    greeting: greeting && `<mj-text>${greeting}</mj-text>`,
    body: source.body,
  };
  const mjml = fillLayout(layout, slots);
  const [firstLine, firstColumn] = positionIn(mjml, mjml.indexOf(source.body));
  const lines = source.body.split('\n').length;
  const placeOf = (documentLine: number, documentColumn?: number): Place => {
    const line = documentLine - firstLine + 1;
    const around = line < 1 || line > lines;
    const field = around ? 'layout' : 'body';
    const [text, stretches, own] = around
      ? [layout.mjml, layout.stretches, line < 1 ? documentLine : documentLine - lines + 1]
      : [source.body, layout.bodyStretches, line];
    // What fills the slots of a layout has moved the columns there.
    const column = around
      ? undefined
      : line === 1
        ? documentColumn && documentColumn - firstColumn + 1
        : documentColumn;
    if (!stretches) return { field, line: own, column };
    const { partial, line: from } = originOf(text, stretches, own, column);
    return partial ? { field, within: `the partial "${partial}", line ${from}` } : { field, line: from };
  };
  return { mjml, placeOf };
}

/** Line and column, counted from 1. */
function positionIn(text: string, offset: number): [line: number, column: number] {
  const before = text.slice(0, offset);
  return [before.split('\n').length, offset - before.lastIndexOf('\n')];
}

/** Plain words between the Liquid ("Terms & conditions") as they are written in HTML. */
function escapeWords(text: string): string {
  const { text: words, pieces } = protectLiquid(text);
  return restoreLiquid(escapeHtml(words), pieces);
}

/** @returns '' for markup that was refused */
async function mjmlToHtml(mjml: string, refuse: (mistake: string, line?: number) => void): Promise<string> {
  // Loaded only here, because a service whose templates are all stored already never needs it.
  const { default: mjml2html } = await import('mjml');
  try {
    const { html } = await mjml2html(mjml, {
      validationLevel: 'strict',
      keepComments: false,
      ignoreIncludes: true,
      useMjmlConfigOptions: false,
      // No web fonts: they are fetched from a third party when the email is opened.
      fonts: {},
    });
    return html;
  } catch (error) {
    const problems = (error as { errors?: { line: number; message: string }[] }).errors;
    if (!Array.isArray(problems)) refuse((error as Error).message);
    else for (const { line, message } of problems) refuse(message, line);
    return '';
  }
}

/**
 * A line that holds nothing but conditions is none in the text that comes out; and an address is not written twice
 * (`help@example.org <help@example.org>`).
 */
function withoutGaps(text: string, pieces: readonly string[]): string {
  return text
    .replace(/^((?:[ \t]*\uE000\d+\uE001)+)[ \t]*\n/gm, (line, tokens: string) =>
      [...tokens.matchAll(token)].some(([, number]) => isOutput(pieces[Number(number)]!))
        ? line
        : tokens.replace(/[ \t]+/g, ''),
    )
    .replace(/\uE000(\d+)\uE001 <\uE000(\d+)\uE001>/g, (twice, words: string, address: string) =>
      pieces[Number(words)] === pieces[Number(address)] ? `\uE000${words}\uE001` : twice,
    );
}

/** MJML's output is a third indentation; every byte of it would travel with every email. */
function tidy(html: string): string {
  return html.replace(/[ \t]*\n\s*/g, '\n').trim();
}
