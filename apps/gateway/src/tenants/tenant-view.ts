import { z } from 'zod';

export const tenantStates = ['active', 'suspended', 'erasing', 'erased'] as const;
export type TenantState = (typeof tenantStates)[number];

const time = z.iso.datetime();

/** What is being done until a state holds everywhere. */
export const progressSchema = z.object({
  services: z
    .record(z.string(), z.object({ deleted: z.number().int().optional(), done: z.boolean() }))
    .optional()
    .describe('Of each service, whether it has done its part; of an erasure, how many rows it has deleted so far.'),
  released: z.number().int().optional().describe('Events that were held and are published again.'),
  waiting_for: z.string().optional().describe('What keeps it from going on; it is tried again every few seconds.'),
  swept_at: time
    .optional()
    .describe('When everything was deleted for the first time; once more follows for what was on its way.'),
});
export type Progress = z.infer<typeof progressSchema>;

export const tenantSchema = z.object({
  id: z.string(),
  name: z.string().nullable().describe('Null once it is erased.'),
  state: z.enum(tenantStates),
  reason: z.string().nullable().describe('Why it is suspended.'),
  created_at: time,
  created_by: z.string(),
  changed_at: time.describe('Since when it is in this state.'),
  pending: z.boolean().describe('Whether the state does not hold everywhere yet.'),
  progress: progressSchema,
});

export type TenantView = Omit<z.infer<typeof tenantSchema>, 'created_at' | 'changed_at'> & {
  created_at: Date;
  changed_at: Date;
};
