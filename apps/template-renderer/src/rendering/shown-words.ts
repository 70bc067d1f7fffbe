import { smsSizeOf, type ShownWords } from '@carillon/contracts';
import { bytesOf } from '../channels/attachments.ts';
import type { Words } from '../channels/index.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import { smsPriceFor, type SmsPrices } from './sms-prices.ts';

/** What an SMS costs, as far as it is known. */
export interface SmsTariff {
  readonly prices?: SmsPrices;
  readonly currency: string;
}

type Shown = { [C in TemplatedChannel]: (words: Words[C], tariff: SmsTariff, to: string) => ShownWords[C] };

const shown: Shown = {
  in_app: ({ title, message, html, link, image, actions }) => ({ title, message, html, link, image, actions }),
  email: ({ subject, html, text, reply_to, attachments }) => ({
    subject,
    html,
    text,
    ...(reply_to !== undefined && { reply_to }),
    ...(attachments && {
      attachments: attachments.map(({ filename, content_type, content }) => ({
        filename,
        content_type,
        bytes: bytesOf(content),
      })),
    }),
  }),
  sms({ text }, { prices = {}, currency }, to) {
    const size = smsSizeOf(text);
    const price = smsPriceFor(to, prices);
    // Prices have few digits; products of them are not exact.
    const amount = price === undefined ? undefined : Number((price * size.segments).toFixed(6));
    return { text, ...size, cost: amount === undefined ? null : { amount, currency } };
  },
  push: (words) => words,
  chat: (words) => words,
};

/**
 * Words as people look at them before they are sent: files without what is in them, an SMS with its length and cost.
 *
 * @param to the phone number of an SMS, on which its price depends; '' where it is not known
 */
export function shownWordsOf<C extends TemplatedChannel>(
  channel: C,
  words: Words[C],
  tariff: SmsTariff,
  to: string,
): Pick<ShownWords, C> {
  return { [channel]: shown[channel](words, tariff, to) } as Pick<ShownWords, C>;
}
