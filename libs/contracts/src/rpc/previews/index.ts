import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { channels, jsonObjectSchema, uuidSchema } from '../../words.ts';
import { knownLocaleSchema } from '../brand/index.ts';
import { sampleSchema } from '../samples/index.ts';
import { templateKeySchema, templateOwners } from '../template-admin/index.ts';
import { shownWordsSchema } from '../templates/index.ts';

/** Which words of a template are meant; with none of them its draft, otherwise its newest version. */
const wordsShape = {
  /** Words that are saved nowhere, in the form of drafts. */
  source: jsonObjectSchema.superRefine(refuseUnstorable).optional(),
  /** A published version, in use or not. */
  version: z.int32().min(1).optional(),
  /** Those of a variant of an experiment about the template. */
  variant: z.strictObject({ experiment: uuidSchema, key: z.string().min(1).max(32) }).optional(),
  /** Whose template; your own, and Carillon's where you have none. */
  owner: z.enum(templateOwners).optional(),
};

const fillingShape = {
  /** Instead of the sample data of the type. */
  data: jsonObjectSchema.superRefine(refuseUnstorable).optional(),
  /** Of whoever reads it; numbers and dates follow it where the words are in its language. */
  locale: knownLocaleSchema.optional(),
  /** IANA time zone of whoever reads it. */
  time_zone: z.string().refine(isTimeZone, { error: 'must be an IANA time zone such as Africa/Nairobi' }).optional(),
};

const choices = { path: ['version'], message: 'name one of source, version and variant' };
const isOneChoice = ({ source, version, variant }: { source?: unknown; version?: unknown; variant?: unknown }) =>
  [source, version, variant].filter((choice) => choice !== undefined).length <= 1;

/** The body of `POST /v1/admin/templates/{key}/preview`. */
export const previewInputSchema = z
  .strictObject({
    ...wordsShape,
    ...fillingShape,
    /** Id of a recipient whose name, language and zone it is filled in with. */
    recipient: z.string().min(1).max(128).optional(),
  })
  .refine(isOneChoice, choices);
export type PreviewInput = z.infer<typeof previewInputSchema>;

/** The body of `POST /v1/admin/templates/{key}/test-send`. */
export const testSendInputSchema = z
  .strictObject({
    /** A recipient's id; where nobody has it, an address on the template's channel. */
    to: z.string().trim().min(1, 'must be a recipient’s id, or an address on the channel').max(320),
    ...wordsShape,
    ...fillingShape,
  })
  .refine(isOneChoice, choices);
export type TestSendInput = z.infer<typeof testSendInputSchema>;

/** Something that is wrong with the words or the data. */
const previewErrorSchema = z.object({
  /** `source.body`, `source.actions[0].url`; `data.amount` for what is missing. */
  path: z.string(),
  message: z.string(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
});
export type PreviewError = z.infer<typeof previewErrorSchema>;

export const previewSchema = z.object({
  key: z.string(),
  channel: z.enum(channels),
  /** Whose words they are. */
  owner: z.enum(templateOwners),
  /** Which words they are: a version's number, the draft, those of a variant, or those that came with the question. */
  stage: z.union([z.number().int(), z.enum(['draft', 'variant', 'source'])]),
  /** What the template says; null where something is wrong. */
  rendered: shownWordsSchema.nullable(),
  /** Everything that is wrong, by field, line and column. */
  errors: z.array(previewErrorSchema),
  /** What is right, but could be better: an SMS that costs more than it has to. */
  notes: z.array(z.string()),
  variables: z.object({
    /** Data that it cannot do without, data that it uses when they are there, and which of the former there were not. */
    required: z.array(z.string()),
    optional: z.array(z.string()),
    missing: z.array(z.string()),
  }),
  /** Whose data it is filled in with. */
  data_origin: z.enum(['given', ...sampleSchema.shape.origin.options]),
});
export type Preview = z.infer<typeof previewSchema>;

const recipientSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  locale: z.string(),
  time_zone: z.string(),
});

const previewRequest = z.object({
  tenant: z.string(),
  key: templateKeySchema,
  ...wordsShape,
  data: jsonObjectSchema.optional(),
  /** Without one somebody made up, who reads the template's language. */
  recipient: recipientSchema.partial().optional(),
});

const examplePreview: Preview = {
  key: 'invoice_issued.sms.en',
  channel: 'sms',
  owner: 'own',
  stage: 'draft',
  rendered: {
    sms: {
      text: 'Invoice INV-1001: KES 12,500.00.',
      alphabet: 'GSM-7',
      units: 32,
      segments: 1,
      cost: { amount: 0.8, currency: 'KES' },
    },
  },
  errors: [],
  notes: [],
  variables: { required: ['amount', 'currency', 'invoice_number'], optional: [], missing: [] },
  data_origin: 'system',
};

/** Whatever is wrong with the words is in the answer. Errors: 404 naming the template, version, experiment or variant. */
export const previewTemplate = defineRpc<z.infer<typeof previewRequest>, Preview>({
  name: 'renderer.templates.preview.v1',
  service: 'template-renderer',
  summary: 'What a template would say, whether it is published or not.',
  request: previewRequest,
  response: previewSchema,
  example: { request: { tenant: 'default', key: examplePreview.key }, response: examplePreview },
});

/** How long compiling and filling in hostile words may take, in milliseconds; to be given to the call. */
export const previewTimeoutMs = 30_000;

const testSendRequest = z.object({
  tenant: z.string(),
  /** Of the notification; asked with the same one again nothing is sent twice. Left out: it is a new one. */
  id: uuidSchema.optional(),
  key: templateKeySchema,
  ...wordsShape,
  data: jsonObjectSchema.optional(),
  to: z.object({ recipient: recipientSchema, address: z.string() }),
});
const testSendResponse = z.object({
  notification_id: z.string(),
  /** In the log of the channel's deliveries. */
  delivery_id: z.string(),
});

/** Errors: those of {@link previewTemplate}, and 422 `cannot_render` with everything that is wrong. */
export const sendTemplateTest = defineRpc<z.infer<typeof testSendRequest>, z.infer<typeof testSendResponse>>({
  name: 'renderer.templates.send_test.v1',
  service: 'template-renderer',
  summary: 'Sends a template to one address, marked as a test.',
  request: testSendRequest,
  response: testSendResponse,
  example: {
    request: {
      tenant: 'default',
      key: 'invoice_issued.email.en',
      to: {
        recipient: { id: 'parent-17', name: 'Amina Otieno', locale: 'en', time_zone: 'Africa/Nairobi' },
        address: 'amina@example.org',
      },
    },
    response: {
      notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
      delivery_id: '019aa5e5-8f00-8c00-8000-000000000003',
    },
  },
});

function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +03:00 are zones to Intl, but know no summer time.
    return /^[a-z]/i.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
