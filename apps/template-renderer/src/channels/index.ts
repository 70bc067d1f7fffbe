import type { TemplatedChannel } from '../templates/template-source.ts';
import type { ChannelWords } from './channel-words.ts';
import { chat } from './chat.ts';
import { email } from './email.ts';
import { inApp } from './in-app.ts';
import { push } from './push.ts';
import { sms } from './sms.ts';

/** All channels that templates are written for. How their sources are written is in `sourceSchemas`. */
export const channelWords = { in_app: inApp, email, sms, push, chat } satisfies Record<TemplatedChannel, unknown>;

/** What a notification says on each channel. */
export type Words = { [C in TemplatedChannel]: ReturnType<(typeof channelWords)[C]['words']> };

/** The words of a channel that is known only when the program runs. */
export function wordsOf(channel: TemplatedChannel): ChannelWords<any, Words[TemplatedChannel]> {
  return channelWords[channel];
}
