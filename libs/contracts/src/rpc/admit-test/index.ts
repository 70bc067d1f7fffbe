import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { availableChannels } from '../../words.ts';

const request = z.object({
  tenant: z.string(),
  channel: z.enum(availableChannels),
  /** A recipient's id; where nobody has it, an address on the channel. */
  to: z.string().min(1).max(320),
  /** Whose limit it counts against: the recipient's, who writes to themselves, or the tenant's, for its admins. */
  limit: z.enum(['recipient', 'tenant']),
});
const response = z.object({
  recipient: z.object({
    /** The address itself where it is nobody's. */
    id: z.string(),
    name: z.string().nullable(),
    locale: z.string(),
    time_zone: z.string(),
  }),
  /** In the form in which it is sent to. */
  address: z.string(),
});

/**
 * May a test message be sent, and where to? Counted, so that nobody is flooded with them.
 * Errors: 404 `not_found`, 422 `no_contact`, `suppressed_contact`, `invalid_address`, 429 `too_many_tests` with the time to wait.
 */
export const admitTest = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'preferences.tests.admit.v1',
  service: 'preferences',
  summary: 'Lets a test message to a recipient or an address pass, or says why not.',
  request,
  response,
  example: {
    request: { tenant: 'default', channel: 'email', to: 'parent-17', limit: 'tenant' },
    response: {
      recipient: { id: 'parent-17', name: 'Amina Otieno', locale: 'en', time_zone: 'Africa/Nairobi' },
      address: 'amina@example.org',
    },
  },
});
