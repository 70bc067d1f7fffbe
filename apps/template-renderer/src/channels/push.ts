import type { Action } from '@carillon/contracts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { linkOf } from '../rendering/scope.ts';
import { oneLine, tidyText } from '../rendering/words.ts';
import type { PushSource } from '../templates/template-source.ts';
import { actionsOf, checkedLink, textsOfActions } from './actions.ts';
import type { ChannelWords } from './channel-words.ts';

/** What a device shows. */
export interface PushWords {
  title: string;
  body: string;
  /** Where a tap leads. */
  link: string | null;
  icon: string | null;
  image: string | null;
  actions: Action[];
}

/**
 * Bytes of all words together. Push services take messages of 4,096 bytes (RFC 8030, section 7.2), of which encryption and the
 * ids that travel along take their part.
 */
const mostBytes = 3_500;

export const push: ChannelWords<PushSource, PushWords> = {
  texts: ({ actions, required: _, ...texts }) => ({ ...texts, ...textsOfActions(actions) }),
  kindOf: () => 'text',
  words(parts, { routed, template }) {
    const words: PushWords = {
      title: oneLine(parts.title!),
      body: tidyText(parts.body!),
      link: checkedLink(template, 'link', parts.link?.trim() || linkOf(routed)),
      icon: checkedLink(template, 'icon', parts.icon?.trim()),
      image: checkedLink(template, 'image', parts.image?.trim()),
      actions: actionsOf(template, parts),
    };
    const bytes = Buffer.byteLength(JSON.stringify(words));
    if (bytes <= mostBytes) return words;
    throw new RenderFailure(
      template,
      `its words take ${bytes} bytes, and a push at most ${mostBytes}; shorten them, such as with {{ message | truncate: 200 }}`,
    );
  },
};
