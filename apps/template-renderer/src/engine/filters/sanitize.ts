import { linkSchema } from '@carillon/contracts';
import sanitizeHtml from 'sanitize-html';
import type { Formatting } from '../formatting.ts';
import { asText } from '../text.ts';

/**
 * HTML from outside, reduced to what cannot do harm: text, headings, lists, tables, links and pictures. No scripts,
 * styles, forms, frames, event handlers or `javascript:`. Links open in a new window and do not tell where they were
 * clicked; a path is completed with the site's address.
 */
export function sanitize(html: unknown, { siteUrl }: Formatting): string {
  const complete = (value: string | undefined): string | undefined => {
    const link = linkSchema.safeParse(value?.trim());
    if (!link.success) return undefined;
    return link.data.startsWith('/') ? siteUrl + link.data : link.data;
  };
  return sanitizeHtml(asText(html), {
    allowedTags: [
      ...['p', 'br', 'hr', 'div', 'span', 'h1', 'h2', 'h3', 'h4', 'blockquote', 'pre', 'code'],
      ...['b', 'strong', 'i', 'em', 'u', 's', 'small', 'sub', 'sup', 'ul', 'ol', 'li', 'a', 'img'],
      ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
    ],
    allowedAttributes: {
      a: ['href', 'target', 'rel'],
      img: ['src', 'alt', 'width', 'height'],
      th: ['align', 'colspan', 'rowspan'],
      td: ['align', 'colspan', 'rowspan'],
    },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowProtocolRelative: false,
    transformTags: {
      a: (tagName, attributes) => {
        const href = complete(attributes.href);
        return {
          tagName,
          attribs: { ...(href !== undefined && { href, target: '_blank', rel: 'noopener noreferrer' }) },
        };
      },
      img: (tagName, { src, alt = '', width, height }) => {
        const source = complete(src);
        const size = { ...(width && { width }), ...(height && { height }) };
        return { tagName, attribs: { ...(source !== undefined && { src: source }), alt, ...size } };
      },
    },
    exclusiveFilter: (frame) => frame.tag === 'img' && !frame.attribs.src,
  });
}
