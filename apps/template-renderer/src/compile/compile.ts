import { createHash } from 'node:crypto';
import { wordsOf } from '../channels/index.ts';
import { parse, TemplateError, variablesOf, type PartVariables } from '../engine/index.ts';
import type { CompiledTemplate } from '../templates/template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { templateVariables } from '../templates/template-variables.ts';
import { compileEmail } from './compile-email.ts';
import { layoutWithPartials, type EmailLayout } from './email-layout.ts';
import { withPartials } from './inline-partials.ts';
import { liquidMistake, SourceError, type Mistake } from './source-error.ts';

/** Raise it when the same source compiles to something else, so that stored templates are compiled anew. */
const compilerRevision = 1;

/**
 * Compiles a source when it is saved. Sending never compiles: MJML takes half a second to load and 6 ms a template.
 *
 * @param layout the frame of emails in the source's language; null where the source names one that does not exist
 * @param partials those that the source, its layout or they themselves name, by key, in its language
 * @throws SourceError naming everything that is wrong
 */
export async function compileTemplate(
  source: TemplateSource,
  locale: string,
  layout: EmailLayout | null,
  partials: Readonly<Record<string, string>> = {},
): Promise<CompiledTemplate> {
  if (!layout) throw new SourceError([{ field: 'layout', message: 'there is no layout with this key; save it first' }]);
  // First as it is written, so that mistakes are named by their place in it.
  await refuseMistakes(source, locale, layout);
  const { template, stretches } = withPartials(source, partials);
  const words = wordsOf(template.channel);
  const frame = layoutWithPartials(layout, partials, stretches.get('body'));
  const variables = variablesIn(template, frame);
  const parts = (await words.compile?.(template.source, locale, frame)) ?? words.texts(template.source);
  const mistakes: Mistake[] = [];
  for (const [name, source] of Object.entries(parts)) {
    try {
      parse(words.kindOf(name), source);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.push(liquidMistake(fieldOf(name, template), error.reason));
    }
  }
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return { parts, ...variables };
}

/** What the source uses, and what the layout of a tenant's own does around it. */
function variablesIn(template: TemplateSource, { mjml, words }: EmailLayout): PartVariables {
  const own = templateVariables(template);
  if (template.channel !== 'email' || template.source.body === undefined) return own;
  const slots = Object.entries(words).filter(([slot]) => mjml.includes(`[[${slot}]]`));
  const around = [mjml, ...slots.map(([, text]) => text)].map((text) => variablesOf(parse('html', text)));
  const required = new Set([...own.required, ...around.flatMap((part) => part.required)]);
  const optional = new Set([...own.optional, ...around.flatMap((part) => part.optional)]);
  return { required: [...required].sort(), optional: [...optional].filter((name) => !required.has(name)).sort() };
}

/** Wrong Liquid in a subject does not hide what is wrong with the markup of the body. */
async function refuseMistakes(template: TemplateSource, locale: string, layout: EmailLayout): Promise<void> {
  try {
    templateVariables(template);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { mistakes } = error;
    if (template.channel !== 'email' || mistakes.some(({ field }) => field === 'body')) throw error;
    const { body, greeting } = template.source;
    if (body === undefined) throw error;
    const ofBody = await compileEmail({ subject: '-', body, greeting }, locale, layout).then(
      () => [],
      (failure: unknown) => {
        if (failure instanceof SourceError) return failure.mistakes;
        throw failure;
      },
    );
    throw new SourceError([...mistakes, ...ofBody]);
  }
}

/** Equal for sources that compile to the same; the layout counts for emails, whose frame it is. */
export function hashOf(
  { channel, source }: TemplateSource,
  locale: string,
  layout: EmailLayout | null,
  partials: Readonly<Record<string, string>> = {},
): string {
  const frame = channel === 'email' ? layout : null;
  return createHash('sha256')
    .update(JSON.stringify([compilerRevision, channel, locale, source, frame, partials]))
    .digest('hex');
}

/** The field of the source that a part was made from. */
export function fieldOf(part: string, { channel, source }: TemplateSource): string {
  const written = wordsOf(channel).texts(source);
  return [part, 'body', 'html'].find((field) => Object.hasOwn(written, field)) ?? part;
}
