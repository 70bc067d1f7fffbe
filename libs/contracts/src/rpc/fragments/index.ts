import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { knownLocaleSchema } from '../brand/index.ts';

export const fragmentKinds = ['layout', 'partial'] as const;
/** What templates share: the frame around an email, or a piece of text. */
export type FragmentKind = (typeof fragmentKinds)[number];

/** `footer`, `newsletter-2`. The layout `default` frames every email that names no other one. */
export const fragmentKeySchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, "-" and "_", starting with a letter or digit');

/** The layout of emails that name none. */
export const defaultLayout = 'default';

const text = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(50_000, 'must have at most 50000 characters')
  .superRefine(refuseUnstorable);

/** One text per language; keys are language tags. */
const languages = <T extends z.ZodType>(of: T) =>
  z.record(knownLocaleSchema, of).refine((all) => Object.keys(all).length <= 50, 'must have at most 50 languages');

/** The frame around emails. */
export const layoutSourceSchema = z.strictObject({
  /**
   * MJML with the slot `[[body]]`, and where it is wanted `[[greeting]]`, `[[preheader]]`, `[[subject]]`, `[[lang]]` and any of the words:
   * `[[sender]]`.
   */
  mjml: text,
  /** The frame's own words by language and slot, with Liquid in them. Carillon has `greeting`, `sender`, `help` and `why`. */
  words: languages(
    z
      .record(z.string().regex(/^\w{1,64}$/, 'must be 1 to 64 letters, digits and "_"'), text)
      .refine((words) => Object.keys(words).length <= 100, 'must have at most 100 words'),
  ).optional(),
});
export type LayoutSource = z.infer<typeof layoutSourceSchema>;

/** A piece of text, with Liquid in it, that templates put in with `{% render 'footer' %}`. */
export const partialSourceSchema = z.strictObject({
  text,
  /** The same in other languages. A template gets the one that is nearest to its own, or `text`. */
  translations: languages(text).optional(),
});
export type PartialSource = z.infer<typeof partialSourceSchema>;

export const fragmentSourceSchemas = { layout: layoutSourceSchema, partial: partialSourceSchema } as const;
export type FragmentSource = LayoutSource | PartialSource;

const head = {
  key: z.string(),
  version: z.number().int().min(1),
  created_at: z.string(),
  /** The name of the API key. */
  created_by: z.string(),
  note: z.string().nullable(),
};

/** One version, without its text. */
export const fragmentVersionSchema = z.object({
  ...head,
  /** Whether with this version it was removed. */
  removed: z.boolean(),
});
export type FragmentVersion = z.infer<typeof fragmentVersionSchema>;

/** One layout or partial as it is in use. */
export const fragmentHeadSchema = z.object(head);
export type FragmentHead = z.infer<typeof fragmentHeadSchema>;

const detail = <T extends z.ZodType>(source: T) =>
  z.object({
    ...head,
    /** The templates, layouts and partials that it is in; empty for an earlier version. */
    used_by: z.array(z.string()),
    source,
  });
export const layoutDetailSchema = detail(layoutSourceSchema);
export const partialDetailSchema = detail(partialSourceSchema);
export interface FragmentDetail extends FragmentHead {
  used_by: string[];
  source: FragmentSource;
}

/** What came of saving, or would. */
export const fragmentAnswerSchema = z.object({
  key: z.string(),
  /** The version in use now, or the one that it would be; null after it was removed. */
  version: z.number().int().nullable(),
  /** Whether anything was, or would be, different. */
  changed: z.boolean(),
  dry_run: z.boolean(),
  /** Your templates that are compiled anew with it, each as its next version: `lesson_moved.email.en`. */
  templates: z.array(z.string()),
  /** Carillon’s own emails that come in the frame of your default layout. */
  built_in: z.array(z.string()),
});
export type FragmentAnswer = z.infer<typeof fragmentAnswerSchema>;

/** How long saving may take, in milliseconds: every template that uses it is compiled anew. To be given to the call. */
export const saveFragmentTimeoutMs = 60_000;

export const fragmentNoteSchema = z.string().trim().max(500).superRefine(refuseUnstorable);

const of = z.object({ tenant: z.string(), kind: z.enum(fragmentKinds) });
const one = of.extend({ key: z.string() });
const paging = { limit: z.number().int().min(1).max(100), after: z.string().nullable() };

const example: FragmentHead = {
  key: 'footer',
  version: 2,
  created_at: '2026-11-21T09:30:00.000Z',
  created_by: 'console',
  note: 'new address',
};
const exampleOf = { tenant: 'default', kind: 'partial' as const };
const exampleSource: PartialSource = {
  text: '{{ brand.name }}, {{ street }}',
  translations: { sw: '{{ brand.name }}, mtaa wa {{ street }}' },
};

const listRequest = of.extend(paging);

export const listFragments = defineRpc<z.infer<typeof listRequest>, { data: FragmentHead[]; next: string | null }>({
  name: 'renderer.fragments.list.v1',
  service: 'template-renderer',
  summary: 'A page of a tenant’s layouts or partials, by key.',
  request: listRequest,
  response: z.object({ data: z.array(fragmentHeadSchema), next: z.string().nullable() }),
  example: { request: { ...exampleOf, limit: 20, after: null }, response: { data: [example], next: null } },
});

const getRequest = one.extend({ version: z.int32().min(1).optional() });

/** Errors: 404. */
export const getFragment = defineRpc<z.infer<typeof getRequest>, FragmentDetail>({
  name: 'renderer.fragments.get.v1',
  service: 'template-renderer',
  summary: 'One layout or partial, as it is in use or in an earlier version.',
  request: getRequest,
  response: detail(z.union([layoutSourceSchema, partialSourceSchema])),
  example: {
    request: { ...exampleOf, key: 'footer' },
    response: { ...example, used_by: ['lesson_moved.email.en'], source: exampleSource },
  },
});

const versionsRequest = one.extend(paging);

/** Errors: 404. */
export const listFragmentVersions = defineRpc<
  z.infer<typeof versionsRequest>,
  { data: FragmentVersion[]; next: string | null }
>({
  name: 'renderer.fragments.versions.v1',
  service: 'template-renderer',
  summary: 'The versions of a layout or partial, newest first.',
  request: versionsRequest,
  response: z.object({ data: z.array(fragmentVersionSchema), next: z.string().nullable() }),
  example: {
    request: { ...exampleOf, key: 'footer', limit: 20, after: null },
    response: { data: [{ ...example, removed: false }], next: null },
  },
});

const saveRequest = one.extend({
  /** What it is to say; null removes it; a number brings an earlier version back. */
  source: z.union([layoutSourceSchema, partialSourceSchema, z.null(), z.number().int().min(1)]),
  note: z.string().nullable(),
  by: z.string(),
  dry_run: z.boolean(),
  /** The version that must be in use; 0 for none. */
  expected: z.number().int().min(0).optional(),
});
export type SaveFragment = z.infer<typeof saveRequest>;

/**
 * All or nothing: it is in use with every template that it is in, or nothing has changed. Errors: 404, 409 `fragment_changed`, 422
 * `invalid_layout`, `invalid_partial` and `templates_would_break`.
 */
export const saveFragment = defineRpc<SaveFragment, FragmentAnswer>({
  name: 'renderer.fragments.save.v1',
  service: 'template-renderer',
  summary: 'Saves, removes or brings back a layout or partial, with every template that it is in.',
  request: saveRequest,
  response: fragmentAnswerSchema,
  example: {
    request: { ...exampleOf, key: 'footer', source: exampleSource, note: 'new address', by: 'console', dry_run: false },
    response: {
      key: 'footer',
      version: 2,
      changed: true,
      dry_run: false,
      templates: ['lesson_moved.email.en'],
      built_in: [],
    },
  },
});
