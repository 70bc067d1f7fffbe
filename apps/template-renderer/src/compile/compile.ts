import { createHash } from 'node:crypto';
import { parse, TemplateError } from '../engine/index.ts';
import type { CompiledTemplate } from '../templates/template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { templateVariables } from '../templates/template-variables.ts';
import { compileEmail } from './compile-email.ts';
import type { EmailLayout } from './email-layout.ts';
import { SourceError, type Mistake } from './source-error.ts';

/** Raise it when the same source compiles to something else, so that stored templates are compiled anew. */
const compilerRevision = 1;

/**
 * Compiles a source when it is saved. Sending never compiles: MJML takes half a second to load and 6 ms a template.
 *
 * @param layout the frame of emails in the source's language
 * @throws SourceError naming everything that is wrong
 */
export async function compileTemplate(
  template: TemplateSource,
  locale: string,
  layout: EmailLayout,
): Promise<CompiledTemplate> {
  const variables = await variablesOrMistakes(template, locale, layout);
  const parts = await partsOf(template, locale, layout);
  const mistakes: Mistake[] = [];
  for (const [name, source] of Object.entries(parts)) {
    try {
      parse(kindOf(name), source);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.push({ field: fieldOf(name, template), message: error.reason });
    }
  }
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return { parts, ...variables };
}

/** Wrong Liquid in a subject does not hide what is wrong with the markup of the body. */
async function variablesOrMistakes(template: TemplateSource, locale: string, layout: EmailLayout) {
  try {
    return templateVariables(template);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { mistakes } = error;
    if (template.channel !== 'email' || mistakes.some(({ field }) => field === 'body')) throw error;
    const { body, greeting } = template.source;
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
export function hashOf({ channel, source }: TemplateSource, locale: string, layout: EmailLayout): string {
  const frame = channel === 'email' ? layout : null;
  return createHash('sha256')
    .update(JSON.stringify([compilerRevision, channel, locale, source, frame]))
    .digest('hex');
}

/** What the part of a compiled template with this name becomes. */
export function kindOf(part: string): 'html' | 'text' {
  return part === 'html' ? 'html' : 'text';
}

/** The field of the source that a part was made from. */
function fieldOf(part: string, { channel, source }: TemplateSource): string {
  if (channel !== 'email' || part === 'subject' || (part === 'text' && source.text !== undefined)) return part;
  return 'body';
}

async function partsOf(template: TemplateSource, locale: string, layout: EmailLayout): Promise<Record<string, string>> {
  switch (template.channel) {
    case 'in_app': {
      const { actions = [], required: _, ...texts } = template.source;
      const parts: Record<string, string> = { ...texts };
      actions.forEach(({ label, url, style }, index) => {
        parts[`actions[${index}].label`] = label;
        parts[`actions[${index}].url`] = url;
        if (style) parts[`actions[${index}].style`] = style;
      });
      return parts;
    }
    case 'email':
      return { ...(await compileEmail(template.source, locale, layout)) };
    case 'sms':
      return { text: template.source.text };
  }
}
