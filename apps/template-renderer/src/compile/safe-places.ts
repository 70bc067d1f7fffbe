import { isOutput, token } from './liquid-tokens.ts';

/** Attributes that a browser follows. */
const links = new Set(['href', 'src', 'action', 'formaction', 'background', 'poster', 'cite']);

/**
 * Makes sure that escaping is enough wherever a value stands in compiled HTML: it may stand between tags or in a
 * quoted attribute, not in a script, a style or a tag itself; and what is followed as a link goes through the `url`
 * filter, which is added here.
 *
 * @param html with tokens instead of Liquid
 * @param pieces the Liquid by number
 * @param refuse told of every place where a value must not stand
 * @returns the pieces, some with `| url` added
 */
export function keepToSafePlaces(html: string, pieces: readonly string[], refuse: (mistake: string) => void): string[] {
  const safe = [...pieces];
  // One that is never closed reaches to the end, for a browser too.
  for (const [, element, content] of html.matchAll(/<(script|style)\b[^>]*>([^]*?)(?:<\/\1|$)/gi)) {
    if (content!.includes('\uE000')) refuse(`values are not allowed inside <${element}>`);
  }
  for (const [tag] of html.matchAll(/<[a-z](?:[^<>"']|"[^"]*"|'[^']*')*>/gi)) {
    if (!tag.includes('\uE000')) continue;
    const unquoted = tag.replace(
      /(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
      (_, name: string, double, single) => {
        keepAttributeSafe(name.toLowerCase(), (double ?? single) as string, safe, refuse);
        return '';
      },
    );
    if (unquoted.includes('\uE000')) refuse('a value inside a tag must stand in a quoted attribute');
  }
  return safe;
}

function keepAttributeSafe(name: string, value: string, pieces: string[], refuse: (mistake: string) => void): void {
  const numbers = [...value.matchAll(token)].map(([, number]) => Number(number));
  if (numbers.length === 0) return;
  if (name === 'style' || name === 'srcset' || name.startsWith('on')) {
    return refuse(`values are not allowed in the attribute ${name}`);
  }
  if (!links.has(name)) return;
  if (numbers.some((number) => !isOutput(pieces[number]!))) {
    return refuse(`conditions are not allowed in ${name}; put the condition around the whole element`);
  }
  const first = numbers[0]!;
  if (!value.trimStart().startsWith('\uE000') || /\|\s*url\s*-?\}\}$/.test(pieces[first]!)) return;
  pieces[first] = pieces[first]!.replace(/\s*(-?\}\})$/, ' | url $1');
}
