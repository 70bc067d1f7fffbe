import type { Subscription } from '@carillon/contracts';
import type { Page } from '../public-pages/page.ts';
import { wordsFor } from '../public-pages/words.ts';

/** What a button of the page does. */
export const actions = {
  unsubscribe: { scope: 'category', on: false },
  unsubscribe_all: { scope: 'all', on: false },
  resubscribe: { scope: 'category', on: true },
  resubscribe_all: { scope: 'all', on: true },
} as const;
export type Action = keyof typeof actions;

/**
 * How a subscription stands, with what can be done about it, in the recipient's language.
 *
 * @param sender the tenant's name; null where it is not known right now
 * @param done whether something has just been changed
 */
export function subscriptionPage(subscription: Subscription, sender: string | null, done: boolean): Page {
  const { category, category_on, channel_on, locale } = subscription;
  const { lang, words } = wordsFor(locale);
  const filled = (text: string): string =>
    text.replace(/\{(category|sender)\}/g, (_, name) => (name === 'category' ? category.name : (sender ?? words.us)));
  const button = (action: Action, label: string) => ({ action, label: filled(label) });

  let says = done ? words.resumed : words.ask;
  let buttons = [button('unsubscribe', words.end), button('unsubscribe_all', words.endAll)];
  if (!category_on && channel_on) {
    says = words.ended;
    buttons = [button('resubscribe', words.resume), button('unsubscribe_all', words.endAll)];
  } else if (!category_on) {
    says = words.allEnded;
    buttons = [button('resubscribe_all', words.resumeAll), button('resubscribe', words.resumeOnly)];
  }
  return {
    lang,
    sender,
    heading: says.heading,
    text: filled(says.text),
    buttons,
    note: words.note,
    done: done || !category_on,
  };
}
