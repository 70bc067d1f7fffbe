import type { InAppRendered } from '@carillon/contracts';
import { sanitizingCharge } from '../engine/charges.ts';
import { sanitize } from '../engine/filters/sanitize.ts';
import { linkOf } from '../rendering/scope.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { oneLine, tidyText } from '../rendering/words.ts';
import type { InAppSource } from '../templates/template-source.ts';
import { actionsOf, checkedLink, textsOfActions } from './actions.ts';
import type { ChannelWords } from './channel-words.ts';

/** What an inbox shows. */
export type InAppWords = Pick<InAppRendered, 'title' | 'message' | 'html' | 'link' | 'image' | 'actions'>;

export const inApp: ChannelWords<InAppSource, InAppWords> = {
  texts: ({ actions, required: _, ...texts }) => ({ ...texts, ...textsOfActions(actions) }),
  kindOf: (name) => (name === 'html' ? 'html' : 'text'),
  words(parts, { routed, template, formatting, allowance }) {
    const html = parts.html?.trim();
    const longest = allowance.memory / sanitizingCharge;
    if (html && html.length > longest) {
      throw new RenderFailure(
        template,
        `html: may have at most ${longest} characters; make it shorter`,
        undefined,
        'memory',
      );
    }
    return {
      title: oneLine(parts.title!),
      message: tidyText(parts.message!),
      html: html ? sanitize(html, formatting) : null,
      link: checkedLink(template, 'link', parts.link?.trim() || linkOf(routed)),
      image: checkedLink(template, 'image', parts.image?.trim()),
      actions: routed.content?.actions ?? actionsOf(template, parts),
    };
  },
};
