import { pathOf } from '@carillon/contracts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { tidyText } from '../rendering/words.ts';
import type { ChatSource } from '../templates/template-source.ts';
import type { ChannelWords } from './channel-words.ts';
import { blocksOf, chatBlocksSchema, textsOfBlocks, type ChatBlock } from './chat-blocks.ts';

/** What a channel of a chat shows. */
export interface ChatWords {
  /** The whole message, or what stands for its blocks where they are not shown, such as in a notification. */
  text: string;
  blocks: ChatBlock[];
}

/** What Slack advises; Discord takes 2,000 and is given parts. */
const mostCharacters = 4_000;

export const chat: ChannelWords<ChatSource, ChatWords> = {
  texts: ({ text, blocks }) => ({ text, ...textsOfBlocks(blocks ?? []) }),
  kindOf: (name) => (name === 'text' || name.endsWith('.mrkdwn') ? 'mrkdwn' : 'text'),
  words(parts, { template }) {
    const text = tidyText(parts.text!);
    if (text.length > mostCharacters)
      throw new RenderFailure(template, `text has ${text.length} characters, at most ${mostCharacters} are sent`);
    const blocks = chatBlocksSchema.safeParse(blocksOf(parts));
    if (blocks.success) return { text, blocks: blocks.data };
    const { path, message } = blocks.error.issues[0]!;
    throw new RenderFailure(template, `${pathOf(['blocks', ...path])} ${message}`);
  },
};
