import { z } from 'zod';

/** What is looked at after an email has arrived. */
export const trackingSchema = z.strictObject({
  /** A picture of one pixel tells that the email was opened. */
  opens: z.boolean().optional(),
  /** Links lead over Carillon, which tells that they were followed. */
  clicks: z.boolean().optional(),
});
export type Tracking = z.infer<typeof trackingSchema>;

/** Who opens and clicks. Only `person` counts as somebody's interest. */
export const engagedBy = ['person', 'prefetch', 'bot'] as const;
export type EngagedBy = (typeof engagedBy)[number];
