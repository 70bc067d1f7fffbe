import type { TrackedBy } from '../email-content.ts';

/** Tags of links, and their targets. Both stop at the next `<`, so that no HTML takes longer than its length. */
const linkTags = /<a\s[^<>]*>/gi;
const targets = /(\shref\s*=\s*)(["'])(https?:\/\/[^"'<>]*)\2/i;

/** The links of an email by their number, as a browser would follow them. */
export function linksOf(html: string): string[] {
  return [...html.matchAll(linkTags)].flatMap(([tag]) => {
    const target = targets.exec(tag)?.[3];
    return target === undefined ? [] : [decoded(target)];
  });
}

/**
 * The HTML as it is sent where opens and clicks are counted: links lead over the gateway by their number in {@link linksOf}, and a
 * picture of one pixel stands at its end.
 *
 * @param untracked a link that stays as it is, such as the one that unsubscribes
 */
export function withTracking(html: string, { opens, clicks }: TrackedBy, untracked?: string): string {
  let tracked = html;
  if (clicks !== undefined) {
    let number = 0;
    tracked = tracked.replace(linkTags, (tag) =>
      tag.replace(targets, (all, attribute: string, quote: string, target: string) => {
        const link = number++;
        return decoded(target) === untracked ? all : `${attribute}${quote}${clicks}.${link}${quote}`;
      }),
    );
  }
  if (opens === undefined) return tracked;
  const pixel = `<img src="${opens}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">`;
  const end = tracked.toLowerCase().lastIndexOf('</body>');
  return end < 0 ? tracked + pixel : tracked.slice(0, end) + pixel + tracked.slice(end);
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** An attribute's value, with the references that occur in links resolved. */
function decoded(value: string): string {
  return value.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return named[(name as string).toLowerCase()]!;
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex as string, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
