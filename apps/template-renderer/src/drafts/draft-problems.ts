import { Problem } from '@carillon/contracts';
import type { TemplateKey } from '../templates/template.ts';
import { nameOf } from '../templates/template-name.ts';
import type { Draft } from './draft-store.ts';
import { WrongWords } from './words-check.ts';

/**
 * Refuses to touch a draft that whoever asks has not seen.
 *
 * @param expected the revision that was seen; `*`: whatever it is; undefined: none was
 */
export function refuseUnseen(key: TemplateKey, draft: Draft | null, expected: string | undefined): void {
  if (expected === '*' || expected === draft?.revision) return;
  if (expected !== undefined) {
    const now = draft ? `${changed(draft)} since` : 'It was published or deleted since';
    throw new Problem({
      status: 412,
      code: 'draft_changed',
      title: 'The draft is not the one that was expected',
      detail: `${now}; get ${nameOf(key)} again and send its ETag as If-Match.`,
    });
  }
  if (draft) throw draftExists(key, draft);
}

/** Somebody has a draft, and whoever asks did not say that it may be overwritten. */
export function draftExists(key: TemplateKey, draft: Draft): Problem {
  return new Problem({
    status: 428,
    code: 'draft_exists',
    title: 'There is a draft already',
    detail: `${changed(draft)}; get ${nameOf(key)}, then change it with its ETag as If-Match, or replace it with If-Match: *.`,
  });
}

export function noDraft(key: TemplateKey): Problem {
  return new Problem({
    status: 409,
    code: 'no_draft',
    title: 'There is no draft',
    detail: `Nothing is waiting to be published; begin a draft with PUT /v1/admin/templates/${nameOf(key)}.`,
  });
}

/** Other words were published meanwhile, which nobody should overwrite unseen. */
export function templateChanged(key: TemplateKey, newest: number, basedOn: number): Problem {
  return new Problem({
    status: 409,
    code: 'template_changed',
    title: 'Other words were published meanwhile',
    detail: `Version ${newest} of ${nameOf(key)} came after version ${basedOn}, which the draft was made from; look at the difference and save the draft with based_on: ${newest}.`,
  });
}

/** What is wrong with words as an answer to whoever sent them. */
export function wrongTemplate(error: unknown): unknown {
  if (!(error instanceof WrongWords)) return error;
  return Problem.unprocessable(
    'invalid_template',
    'The template is not valid',
    error.errors.map(({ path, ...rest }) => ({ path: path === 'key' ? path : `source.${path}`, ...rest })),
  );
}

function changed({ updated_by, updated_at }: Draft): string {
  return `It was written by ${updated_by} at ${updated_at.toISOString()}`;
}
