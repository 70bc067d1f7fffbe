import { z } from 'zod';

/** How members are known: in lower case, whatever they type. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('must be an email address such as amina@example.org'));

/** What other members see, and what stands in records of who did what. */
export const memberNameSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');
