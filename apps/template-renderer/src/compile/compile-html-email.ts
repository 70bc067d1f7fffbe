import { plainTextOf } from '../engine/plain-text.ts';
import { escapeHtml } from '../engine/text.ts';
import { protectLiquid, restoreLiquid } from './liquid-tokens.ts';
import { keepToSafePlaces } from './safe-places.ts';
import { SourceError } from './source-error.ts';

/** An email that brings its whole HTML instead of a body in Carillon's frame. */
interface HtmlEmailSource {
  subject: string;
  preheader?: string;
  html: string;
  text?: string;
}

/** What no mail program shows, and nobody who looks at the email elsewhere should run. */
const refusedElements = /<(script|iframe|frame|frameset|object|embed|applet|base|form|svg|math)\b/gi;
const tags = /<[a-z](?:[^<>"']|"[^"]*"|'[^']*')*>/gi;
const scriptLinks = /\b(?:href|src|action|background)\s*=\s*["']?\s*(?:javascript|vbscript|data\s*:\s*text)/i;

/** Style rules times elements: each rule is looked for at each element, which takes 2.5 µs. */
const mostMatches = 100_000;

/**
 * From whole HTML to the three parts of an email, with Liquid left in them. Its CSS is inlined, because many mail programs know no
 * style sheets; what cannot be inlined (media queries, hovering) stays in one.
 *
 * @throws SourceError naming everything that is wrong with it
 */
export async function compileHtmlEmail({
  subject,
  preheader,
  html,
  text,
}: HtmlEmailSource): Promise<{ subject: string; html: string; text: string }> {
  const marked = Object.entries({ subject, preheader, html }).filter(([, value]) => /[\uE000\uE001]/.test(value ?? ''));
  if (marked.length > 0) {
    throw new SourceError(
      marked.map(([field]) => ({ field, message: 'must not contain the characters U+E000 and U+E001' })),
    );
  }
  const mistakes = new Set<string>();
  const refuse = (mistake: string): void => void mistakes.add(mistake);
  if (!/<body\b/i.test(html)) refuse('must be a whole document with <body>; parts of one go into body, as MJML');
  for (const [, element] of html.matchAll(refusedElements))
    refuse(`<${element!.toLowerCase()}> is not allowed in emails`);
  for (const [tag] of html.matchAll(tags)) {
    const handler = /\s(on[a-z]+)\s*=/i.exec(tag.replace(/"[^"]*"|'[^']*'/g, '""'))?.[1];
    if (handler) refuse(`the attribute ${handler.toLowerCase()} is not allowed in emails`);
  }
  const rules = [...html.matchAll(/<style\b[^]*?<\/style/gi)].join('').split('{').length - 1;
  const elements = html.match(/<[a-z]/gi)?.length ?? 0;
  if (rules * elements > mostMatches)
    refuse(`has ${rules} style rules for ${elements} elements; their product must not exceed ${mostMatches}`);
  if (scriptLinks.test(html)) refuse('links must not hold scripts');
  const { text: whole, pieces } = protectLiquid(withPreheader(html, preheader));
  if (mistakes.size === 0) {
    // Only whoever saves one needs it.
    const { default: juice } = await import('juice');
    const inlined = juice(whole, { removeStyleTags: true, preserveMediaQueries: true, preserveFontFaces: false });
    const safe = keepToSafePlaces(inlined, pieces, refuse);
    if (mistakes.size === 0) {
      return {
        subject,
        html: restoreLiquid(inlined, safe),
        text: text ?? restoreLiquid(plainTextOf(inlined), safe),
      };
    }
  }
  throw new SourceError([...mistakes].map((message) => ({ field: 'html', message })));
}

/** Hidden, at the beginning: there mail programs look for what they show beside the subject. */
function withPreheader(html: string, preheader: string | undefined): string {
  if (preheader === undefined) return html;
  const { text, pieces } = protectLiquid(preheader);
  const words = restoreLiquid(escapeHtml(text), pieces);
  const hidden = `<div style="display:none;max-height:0;overflow:hidden">${words}</div>`;
  return html.replace(/<body\b(?:[^>"']|"[^"]*"|'[^']*')*>/i, (body) => `${body}${hidden}`);
}
