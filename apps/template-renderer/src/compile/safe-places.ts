import { checkedColor, isColor } from './colors.ts';
import { isOutput, token } from './liquid-tokens.ts';

/** Attributes that a browser follows. */
const links = new Set(['href', 'src', 'action', 'formaction', 'background', 'poster', 'cite']);

/**
 * Makes sure that escaping is enough wherever a value stands in compiled HTML: it may stand between tags or in a
 * quoted attribute, not in a script, a style or a tag itself. What is followed as a link goes through the `url`
 * filter, and a colour, which alone may stand in a style, through `color`; both are added here.
 *
 * @param html with tokens instead of Liquid
 * @param pieces the Liquid by number
 * @param refuse told of every place where a value must not stand, and of the value by its number
 * @returns the pieces, some with `| url` added
 */
export function keepToSafePlaces(html: string, pieces: readonly string[], refuse: Refuse): string[] {
  const safe = [...pieces];
  // One that is never closed reaches to the end, for a browser too.
  for (const [, element, content] of html.matchAll(/<(script|style)\b[^>]*>([^]*?)(?:<\/\1|$)/gi)) {
    const inStyle = element!.toLowerCase() === 'style';
    const [refused] = checkColors(content!, safe, inStyle);
    if (refused !== undefined)
      refuse(`values are not allowed inside <${element}>${inStyle ? colorsOnly : ''}`, refused);
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
    const [, first] = /\uE000(\d+)/.exec(unquoted) ?? [];
    if (first) refuse('a value inside a tag must stand in a quoted attribute', Number(first));
  }
  return safe;
}

type Refuse = (mistake: string, piece?: number) => void;

const colorsOnly = '; only colours are, such as {{ brand.colors.primary }} or {{ tint | color }}';

/** @returns the numbers of the pieces that are no colours, or are not where colours may be */
function checkColors(text: string, pieces: string[], allowed: boolean): number[] {
  const refused: number[] = [];
  for (const [, number] of text.matchAll(token)) {
    const piece = pieces[Number(number)]!;
    if (allowed && isColor(piece)) pieces[Number(number)] = checkedColor(piece);
    else refused.push(Number(number));
  }
  return refused;
}

function keepAttributeSafe(name: string, value: string, pieces: string[], refuse: Refuse): void {
  const numbers = [...value.matchAll(token)].map(([, number]) => Number(number));
  if (numbers.length === 0) return;
  if (name === 'style' || name === 'srcset' || name.startsWith('on')) {
    const [refused] = checkColors(value, pieces, name === 'style');
    if (refused === undefined) return;
    return refuse(`values are not allowed in the attribute ${name}${name === 'style' ? colorsOnly : ''}`, refused);
  }
  if (!links.has(name)) return;
  if (numbers.some((number) => !isOutput(pieces[number]!))) {
    return refuse(`conditions are not allowed in ${name}; put the condition around the whole element`, numbers[0]);
  }
  const first = numbers[0]!;
  if (!value.trimStart().startsWith('\uE000') || /\|\s*url\s*-?\}\}$/.test(pieces[first]!)) return;
  pieces[first] = pieces[first]!.replace(/\s*(-?\}\})$/, ' | url $1');
}
