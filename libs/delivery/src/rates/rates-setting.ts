import { z } from 'zod';

/** `SEND_RATES`: messages a second by provider, such as `twilio=10,africastalking=30`. */
export const ratesSchema = z
  .string()
  .default('')
  .transform((text, context): ReadonlyMap<string, number> => {
    const rates = new Map<string, number>();
    for (const part of text.split(',').filter((each) => each.trim() !== '')) {
      const [name = '', rate = '', ...rest] = part.split('=').map((each) => each.trim());
      const perSecond = Number(rate);
      if (name !== '' && rest.length === 0 && perSecond >= 0.01 && perSecond <= 100_000) {
        rates.set(name, perSecond);
        continue;
      }
      context.addIssue({
        code: 'custom',
        message: 'must be provider=messages a second, separated by commas, such as twilio=10,africastalking=30',
      });
      return z.NEVER;
    }
    return rates;
  })
  .describe('Messages a second at most by provider, all replicas together, such as twilio=10; unset: no limit');
