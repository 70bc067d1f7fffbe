import { tidyText } from '../rendering/words.ts';
import type { SmsSource } from '../templates/template-source.ts';
import type { ChannelWords } from './channel-words.ts';

export const sms: ChannelWords<SmsSource, { text: string }> = {
  texts: ({ text }) => ({ text }),
  kindOf: () => 'text',
  words: (parts) => ({ text: tidyText(parts.text!) }),
};
