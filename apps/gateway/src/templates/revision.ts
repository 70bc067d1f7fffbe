import { Problem, uuidSchema } from '@carillon/contracts';

/** The ETag of a draft. */
export function etag(draft: { revision: string } | null): string | undefined {
  return draft ? `"${draft.revision}"` : undefined;
}

/** The revision of a draft that an `If-Match` header names, or `*`; undefined without the header. */
export function revisionOf(ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined) return undefined;
  const text = ifMatch.trim();
  if (text === '*') return text;
  const [, revision] = /^(?:W\/)?"(.*)"$/.exec(text) ?? [];
  if (uuidSchema.safeParse(revision).success) return revision;
  throw new Problem({
    status: 400,
    code: 'invalid_headers',
    title: 'The headers are not valid',
    errors: [{ path: 'if-match', message: 'must be the ETag that the template came with, or * for any' }],
  });
}
