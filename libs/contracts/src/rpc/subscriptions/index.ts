import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { contactChannelSchema } from '../recipients/recipient.ts';

/** What one recipient hears of one category on one channel, as a page for people without a token shows it. */
export const subscriptionSchema = z.object({
  channel: contactChannelSchema,
  category: z.object({
    key: z.string(),
    /** As people read it. */
    name: z.string(),
  }),
  /** Whether what is not mandatory in this category is sent on this channel. */
  category_on: z.boolean(),
  /** Whether anything that is not mandatory is. */
  channel_on: z.boolean(),
  /** The recipient's. */
  locale: z.string(),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

const ofRecipient = z.object({
  tenant: z.string(),
  recipient: z.string(),
  channel: contactChannelSchema,
  category: z.string(),
});
const example: z.infer<typeof ofRecipient> = {
  tenant: 'default',
  recipient: 'parent-17',
  channel: 'email',
  category: 'marketing',
};
const subscription: Subscription = {
  channel: 'email',
  category: { key: 'marketing', name: 'Marketing' },
  category_on: true,
  channel_on: true,
  locale: 'sw',
};

/** Errors: 404 for a recipient who does not exist (any more). */
export const getSubscription = defineRpc<z.infer<typeof ofRecipient>, Subscription>({
  name: 'preferences.subscriptions.get.v1',
  service: 'preferences',
  summary: 'Whether a recipient hears of a category on a channel.',
  request: ofRecipient,
  response: subscriptionSchema,
  example: { request: example, response: subscription },
});

/** What is switched: one category on the channel, or everything on it. What is mandatory is sent all the same. */
const change = { scope: z.enum(['category', 'all']), on: z.boolean() };
const setRequest = ofRecipient.extend(change);

/** Errors: 404 for a recipient who does not exist (any more). */
export const setSubscription = defineRpc<z.infer<typeof setRequest>, Subscription>({
  name: 'preferences.subscriptions.set.v1',
  service: 'preferences',
  summary: 'Ends or resumes a recipient’s subscription to a category, or to everything, on a channel.',
  request: setRequest,
  response: subscriptionSchema,
  example: {
    request: { ...example, scope: 'category', on: false },
    response: { ...subscription, category_on: false },
  },
});

const contactRequest = z.object({
  tenant: z.string(),
  channel: contactChannelSchema,
  /** As the provider writes it: a phone number in E.164. */
  address: z.string(),
  /** Left out: everything on the channel. */
  category: z.string().optional(),
  on: z.boolean(),
});
const contactResponse = z.object({
  /** How many recipients have this address; all of them were changed. */
  recipients: z.number().int(),
  /** The language to answer in; null where nobody has the address. */
  locale: z.string().nullable(),
});

/**
 * Somebody answered STOP, or START: whoever has this address gets no more, or again, on the channel. What is mandatory is sent
 * all the same. Repeating it changes nothing. Errors: 422 `unknown_category`.
 */
export const setContactSubscription = defineRpc<z.infer<typeof contactRequest>, z.infer<typeof contactResponse>>({
  name: 'preferences.subscriptions.set_by_contact.v1',
  service: 'preferences',
  summary: 'Ends or resumes the subscription of everybody who has an address.',
  request: contactRequest,
  response: contactResponse,
  example: {
    request: { tenant: 'default', channel: 'sms', address: '+254711000111', on: false },
    response: { recipients: 1, locale: 'sw' },
  },
});
