import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { refuseUnstorable } from '../../validate.ts';
import { availableChannels, eventTypeSchema, jsonObjectSchema, uuidSchema } from '../../words.ts';

export const experimentStates = ['draft', 'running', 'stopped', 'promoted'] as const;
/** `stopped`: everyone gets the words in use again. `promoted`: everyone gets the winner's. */
export type ExperimentState = (typeof experimentStates)[number];

export const experimentGoals = ['delivered', 'opened', 'clicked'] as const;
/** What the variants of an experiment are compared by. */
export type ExperimentGoal = (typeof experimentGoals)[number];

/** By language. */
const versionsSchema = z.record(z.string().max(35), z.int32().min(1));
const wordsSchema = z.record(z.string().max(35), jsonObjectSchema);

const variantInputSchema = z
  .strictObject({
    key: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, "-" and "_", starting with a letter or digit'),
    /** Its share of the recipients is its weight out of the sum of all weights. */
    weight: z
      .int('must be a whole number from 1 to 1000')
      .min(1, 'must be at least 1: leave a variant out that nobody is to get')
      .max(1000, 'must be at most 1000')
      .default(1),
    /** Versions of the tenant's own template, by language. */
    versions: versionsSchema.optional(),
    /** Words of its own, by language: as a catalog has them under `types.<type>.templates.<language>.<channel>`. */
    words: wordsSchema.superRefine(refuseUnstorable).optional(),
  })
  .refine(({ versions, words }) => !(versions && words), {
    error: 'give "versions" or "words", not both; neither means the words in use',
  });
export type VariantInput = z.infer<typeof variantInputSchema>;

/** The body of `POST /v1/admin/experiments`. */
export const experimentInputSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters or broken characters'),
  /** Key of the template, as deliveries name it: a notification type. */
  type: eventTypeSchema,
  channel: z.enum(availableChannels),
  /** The one language that it is about; without it every language that the template has. */
  locale: z.string().min(1).max(35).optional(),
  /** What the variants are compared by: `opened` where it is left out, for SMS, which nobody sees opened, `delivered`. */
  goal: z.enum(experimentGoals).optional(),
  /** The first one is the control, which the others are compared with. */
  variants: z
    .array(variantInputSchema)
    .min(2, 'must be at least two variants')
    .max(10, 'must be at most 10 variants')
    .superRefine((variants, context) =>
      variants.forEach(({ key }, index) => {
        if (variants.findIndex((other) => other.key === key) === index) return;
        context.addIssue({ code: 'custom', path: [index, 'key'], message: `"${key}" is the key of another variant` });
      }),
    ),
});
export type ExperimentInput = z.infer<typeof experimentInputSchema>;

/** What a variant says in one language; it never changes. */
export const variantWordsSchema = z.object({
  /** Whose they are: a version of the tenant's own template or of Carillon's, or the variant's own words. */
  owner: z.enum(['own', 'system', 'variant']),
  /** 0 for the variant's own words, as their deliveries say it. */
  version: z.number().int(),
  /** The variant's own words. */
  source: jsonObjectSchema.optional(),
});
export type VariantWords = z.infer<typeof variantWordsSchema>;

export const experimentSchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  channel: z.enum(availableChannels),
  /** null: every language that the template had when the experiment was made. */
  locale: z.string().nullable(),
  goal: z.enum(experimentGoals),
  status: z.enum(experimentStates),
  /** Key of the variant that was promoted. */
  winner: z.string().nullable(),
  variants: z.array(
    z.object({
      key: z.string(),
      weight: z.number().int(),
      /** By language. */
      words: z.record(z.string(), variantWordsSchema),
    }),
  ),
  created_at: z.string(),
  created_by: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
});
export type Experiment = z.infer<typeof experimentSchema>;

/** A share of deliveries with its 95 % confidence interval. */
const shareSchema = z.object({ rate: z.number(), low: z.number(), high: z.number() });
/** By how much a variant's rate exceeds the control's, with the 95 % confidence interval. */
const differenceSchema = z.object({ difference: z.number(), low: z.number(), high: z.number() });

/**
 * How a variant does against the control: `too_few` deliveries to say anything; `undecided` while either could be ahead by more
 * than 2 percentage points; `same` when neither can.
 */
export const verdicts = ['too_few', 'undecided', 'better', 'worse', 'same'] as const;
export type Verdict = (typeof verdicts)[number];

const variantResultSchema = z.object({
  key: z.string(),
  /** Numbers of deliveries; each counts once, however often it is opened or clicked. */
  sent: z.number().int(),
  delivered: z.number().int(),
  failed: z.number().int(),
  opened: z.number().int(),
  clicked: z.number().int(),
  /** null where nothing was sent yet. `failed` is the share of all that ended, the others are shares of what was sent. */
  rates: z.object({
    delivered: shareSchema.nullable(),
    failed: shareSchema.nullable(),
    opened: shareSchema.nullable(),
    clicked: shareSchema.nullable(),
  }),
  /** null for the control itself. A difference is null while there is nothing to compare. */
  against_control: z
    .object({
      delivered: differenceSchema.nullable(),
      failed: differenceSchema.nullable(),
      opened: differenceSchema.nullable(),
      clicked: differenceSchema.nullable(),
      /** By the experiment's goal. */
      verdict: z.enum(verdicts),
      /** The same in a sentence. */
      explanation: z.string(),
    })
    .nullable(),
});

export const experimentResultsSchema = z.object({
  /** Key of the variant that the others are compared with. */
  control: z.string(),
  /** Whether there is a verdict on every variant. */
  enough_data: z.boolean(),
  variants: z.array(variantResultSchema),
});
export type ExperimentResults = z.infer<typeof experimentResultsSchema>;

/** One experiment with what came of it so far. */
export const experimentDetailSchema = experimentSchema.extend({ results: experimentResultsSchema });
export type ExperimentDetail = z.infer<typeof experimentDetailSchema>;

export const experimentFilterSchema = z.strictObject({
  status: z.enum(experimentStates).optional(),
  type: eventTypeSchema.optional(),
  channel: z.enum(availableChannels).optional(),
});

const tenant = 'default';
const id = '019aa5e5-8f00-8e00-8000-000000000001';
const exampleSource = {
  subject: 'Invoice {{ invoice_number }}',
  body: '<mj-text>{{ amount | money: currency }} is due on {{ due_date | date }}.</mj-text>',
};
const example: Experiment = {
  id,
  name: 'A shorter subject',
  type: 'invoice_issued',
  channel: 'email',
  locale: 'en',
  goal: 'opened',
  status: 'running',
  winner: null,
  variants: [
    { key: 'control', weight: 1, words: { en: { owner: 'own', version: 3 } } },
    { key: 'short', weight: 1, words: { en: { owner: 'variant', version: 0, source: exampleSource } } },
  ],
  created_at: '2026-11-21T09:30:00.000Z',
  created_by: 'marketing',
  started_at: '2026-11-21T09:31:00.000Z',
  ended_at: null,
};
const exampleInput: z.input<typeof experimentInputSchema> = {
  name: example.name,
  type: example.type,
  channel: 'email',
  locale: 'en',
  goal: 'opened',
  variants: [
    { key: 'control', weight: 1 },
    { key: 'short', weight: 1, words: { en: exampleSource } },
  ],
};
const exampleDetail: ExperimentDetail = {
  ...example,
  results: {
    control: 'control',
    enough_data: true,
    variants: [
      {
        key: 'control',
        sent: 1000,
        delivered: 990,
        failed: 4,
        opened: 400,
        clicked: 100,
        rates: {
          delivered: { rate: 0.99, low: 0.9817, high: 0.9946 },
          failed: { rate: 0.004, low: 0.0016, high: 0.0102 },
          opened: { rate: 0.4, low: 0.3701, high: 0.4307 },
          clicked: { rate: 0.1, low: 0.0829, high: 0.1202 },
        },
        against_control: null,
      },
      {
        key: 'short',
        sent: 1000,
        delivered: 990,
        failed: 4,
        opened: 480,
        clicked: 100,
        rates: {
          delivered: { rate: 0.99, low: 0.9817, high: 0.9946 },
          failed: { rate: 0.004, low: 0.0016, high: 0.0102 },
          opened: { rate: 0.48, low: 0.4492, high: 0.511 },
          clicked: { rate: 0.1, low: 0.0829, high: 0.1202 },
        },
        against_control: {
          delivered: { difference: 0, low: -0.0095, high: 0.0095 },
          failed: { difference: 0, low: -0.0067, high: 0.0067 },
          opened: { difference: 0.08, low: 0.0365, high: 0.1231 },
          clicked: { difference: 0, low: -0.0264, high: 0.0264 },
          verdict: 'better',
          explanation: 'Opened more often than "control": by 3.6 to 12.3 percentage points.',
        },
      },
    ],
  },
};

const createRequest = z.object({
  tenant: z.string(),
  /** Asked with the same one again it makes no other; left out: it is a new one. */
  id: uuidSchema.optional(),
  experiment: experimentInputSchema,
  created_by: z.string(),
});

/**
 * Makes a draft. Errors: 422 `invalid_experiment` naming whatever is wrong with the variants' words and versions, such as a
 * version that does not exist or a language without words.
 */
export const createExperiment = defineRpc<z.input<typeof createRequest>, Experiment>({
  name: 'renderer.experiments.create.v1',
  service: 'template-renderer',
  summary: 'Makes a draft of an experiment.',
  request: createRequest,
  response: experimentSchema,
  example: {
    request: { tenant, experiment: exampleInput, created_by: example.created_by },
    response: { ...example, status: 'draft', started_at: null },
  },
});

const listRequest = z.object({
  tenant: z.string(),
  filter: experimentFilterSchema,
  limit: z.number().int().min(1).max(100),
  /** The id after which to go on (exclusive). */
  after: z.string().nullable(),
});

/** Newest first. */
export const listExperiments = defineRpc<
  z.infer<typeof listRequest>,
  { data: z.infer<typeof experimentSchema>[]; next: string | null }
>({
  name: 'renderer.experiments.list.v1',
  service: 'template-renderer',
  summary: 'A page of the experiments that match a filter, newest first.',
  request: listRequest,
  response: z.object({ data: z.array(experimentSchema), next: z.string().nullable() }),
  example: {
    request: { tenant, filter: { status: 'running' }, limit: 20, after: null },
    response: { data: [example], next: null },
  },
});

const oneRequest = z.object({ tenant: z.string(), id: uuidSchema });

/** Errors: 404. */
export const getExperiment = defineRpc<z.infer<typeof oneRequest>, ExperimentDetail>({
  name: 'renderer.experiments.get.v1',
  service: 'template-renderer',
  summary: 'One experiment with its results.',
  request: oneRequest,
  response: experimentDetailSchema,
  example: { request: { tenant, id }, response: exampleDetail },
});

/** Errors: 404; 409 `experiment_not_draft`; 409 `experiment_running` naming the one that the template has already. */
export const startExperiment = defineRpc<z.infer<typeof oneRequest>, ExperimentDetail>({
  name: 'renderer.experiments.start.v1',
  service: 'template-renderer',
  summary: 'Starts an experiment: from now on its recipients get their variants.',
  request: oneRequest,
  response: experimentDetailSchema,
  example: { request: { tenant, id }, response: exampleDetail },
});

/** Errors: 404; 409 `experiment_not_running`. */
export const stopExperiment = defineRpc<z.infer<typeof oneRequest>, ExperimentDetail>({
  name: 'renderer.experiments.stop.v1',
  service: 'template-renderer',
  summary: 'Ends an experiment: everyone gets the words in use again.',
  request: oneRequest,
  response: experimentDetailSchema,
  example: {
    request: { tenant, id },
    response: { ...exampleDetail, status: 'stopped', ended_at: '2026-11-28T09:30:00.000Z' },
  },
});

const promoteRequest = oneRequest.extend({ variant: z.string(), promoted_by: z.string() });

/** Repeated with the same variant, it changes nothing. Errors: 404; 409 `experiment_not_started`, `experiment_promoted`; 422 `unknown_variant`. */
export const promoteVariant = defineRpc<z.infer<typeof promoteRequest>, ExperimentDetail>({
  name: 'renderer.experiments.promote.v1',
  service: 'template-renderer',
  summary: 'Ends an experiment: a variant’s words become the words in use.',
  request: promoteRequest,
  response: experimentDetailSchema,
  example: {
    request: { tenant, id, variant: 'short', promoted_by: 'marketing' },
    response: { ...exampleDetail, status: 'promoted', winner: 'short', ended_at: '2026-11-28T09:30:00.000Z' },
  },
});

/** With its results; the versions of its variants stay. Errors: 404; 409 `experiment_running`. */
export const deleteExperiment = defineRpc<z.infer<typeof oneRequest>, Experiment>({
  name: 'renderer.experiments.delete.v1',
  service: 'template-renderer',
  summary: 'Deletes an experiment that is not running, with its results.',
  request: oneRequest,
  response: experimentSchema,
  example: { request: { tenant, id }, response: { ...example, status: 'stopped' } },
});
