import { pathOf } from '@carillon/contracts';
import { TagToken, Tokenizer, type TopLevelToken } from 'liquidjs';
import { engineOf, limits } from '../engine/index.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { mistakeAt, SourceError, type Mistake } from './source-error.ts';

/** Partials within partials at most. */
const deepest = 10;

/** A stretch of a text that was put together. */
export interface Stretch {
  /** Where in the text it begins. */
  begin: number;
  /** What it comes from; null for the source itself. */
  partial: string | null;
  /** The line there at which it begins, counted from 1. */
  line: number;
}

/** Something that is wrong with a `{% render %}`, and where the source has it. */
export interface InliningMistake {
  message: string;
  line: number;
  column: number;
}

/** A source with its partials in their places. */
export interface Inlined {
  text: string;
  /** What the text is made of, in its order. */
  stretches: readonly Stretch[];
  mistakes: readonly InliningMistake[];
}

/**
 * Puts partials in the place of every `{% render 'key', a: b %}`, so that nothing is looked up when it is sent and a published
 * version never changes. What they see is theirs alone (`{% partial %}`).
 *
 * @param source Liquid that can be parsed
 * @param partials by key
 * @param inside the partial that the source itself is, where it is one
 */
export function inlinePartials(source: string, partials: Readonly<Record<string, string>>, inside?: string): Inlined {
  const inlining = new Inlining(partials);
  inlining.write(source, inside === undefined ? [] : [inside], null, undefined);
  return inlining;
}

/** The partial and the line there that a place in a text comes from. */
export function originOf(
  text: string,
  stretches: readonly Stretch[],
  line: number,
  column = 1,
): { partial: string | null; line: number } {
  let offset = 0;
  for (let above = 1; above < line; above++) offset = text.indexOf('\n', offset) + 1;
  offset += column - 1;
  const { begin, partial, line: from } = stretches.findLast((stretch) => stretch.begin <= offset) ?? stretches[0]!;
  return { partial, line: from + linesIn(text.slice(begin, offset)) };
}

/** The keys of the partials that a source names itself; more than these where a comment names some. */
export function partialsIn(source: string): string[] {
  return [...source.matchAll(/\{%-?\s*render\s+(["'])(.*?)\1/g)].map(([, , key]) => key!);
}

class Inlining implements Inlined {
  text = '';
  readonly stretches: Stretch[] = [];
  readonly mistakes: InliningMistake[] = [];

  constructor(private readonly partials: Readonly<Record<string, string>>) {}

  /**
   * @param chain the partials that the text is in, outermost first
   * @param partial the one that it is, null for the source itself
   * @param at where the source has the render tag that all this is for
   */
  write(text: string, chain: readonly string[], partial: string | null, at: Position | undefined): void {
    let from = 0;
    let line = 1;
    const copy = (to: number): void => {
      line = this.copy(text.slice(from, to), partial, line);
      from = to;
    };
    for (const token of tagsOf(text)) {
      const [row, column] = token.getPosition() as [number, number];
      const position = at ?? { line: row, column };
      if (token.name === 'partial' || token.name === 'endpartial') {
        this.refuse(`tag "${token.name}" not found`, position);
      } else if (token.name === 'render') {
        copy(token.begin);
        this.render(token, chain, position);
        line += linesIn(text.slice(from, token.end));
        from = token.end;
      }
    }
    copy(text.length);
  }

  private render(token: TagToken, chain: readonly string[], position: Position): void {
    const [, , key, rest] = /^\s*(["'])(.*?)\1([^]*)$/.exec(token.args) as unknown as [string, string, string, string];
    const path = [...chain, key];
    const content = Object.hasOwn(this.partials, key) ? this.partials[key]! : undefined;
    const within = chain.length > 0 ? ` (${path.join(' → ')})` : '';
    if (chain.includes(key)) {
      return this.refuse(
        `the partial "${key}" includes itself: ${path.slice(path.indexOf(key)).join(' → ')}`,
        position,
      );
    }
    if (content === undefined) {
      return this.refuse(`there is no partial "${key}"${within}; save it first, or mend the name`, position);
    }
    if (path.length > deepest) {
      return this.refuse(`partials are nested more than ${deepest} deep: ${path.join(' → ')}`, position);
    }
    if (this.text.length + content.length > limits.written) {
      // Said once; everything after it would be too much as well.
      const message = `with its partials the text has more than ${limits.written} characters${within}`;
      if (!this.mistakes.some((mistake) => mistake.message.startsWith('with its partials')))
        this.refuse(message, position);
      return;
    }
    const { before, after, args } = callOf(rest, key);
    const [left, right] = [token.trimLeft ? '{%-' : '{%', token.trimRight ? '-%}' : '%}'];
    this.text += before ? `${left} ${before} %}{% partial ${args} %}` : `${left} partial ${args} %}`;
    this.write(content, path, key, position);
    this.text += after ? `{% endpartial %}{% ${after} ${right}` : `{% endpartial ${right}`;
  }

  /** @returns the line of what it comes from at which the piece ends */
  private copy(piece: string, partial: string | null, line: number): number {
    if (piece !== '') this.stretches.push({ begin: this.text.length, partial, line });
    this.text += piece;
    return line + linesIn(piece);
  }

  private refuse(message: string, position: Position): void {
    this.mistakes.push({ message, ...position });
  }
}

interface Position {
  line: number;
  column: number;
}

/** Tags of a source that mean something, without those within comments. */
function* tagsOf(text: string): Generator<TagToken> {
  const { options } = engineOf('text');
  let commented = false;
  for (const token of new Tokenizer(text, options.operators).readTopLevelTokens(options) as TopLevelToken[]) {
    if (!(token instanceof TagToken)) continue;
    if (token.name === 'comment') commented = true;
    else if (token.name === 'endcomment') commented = false;
    else if (!commented) yield token;
  }
}

/**
 * What comes before, into and after `{% partial … %}`: `with x as y` is an argument, and `for xs as x` is a loop around it.
 * LiquidJS has read the tag before, so its shape is right.
 */
function callOf(rest: string, key: string): { before?: string; args: string; after?: string } {
  const tokenizer = new Tokenizer(rest);
  tokenizer.skipBlank();
  const begin = tokenizer.p;
  const keyword = tokenizer.readIdentifier().content;
  tokenizer.skipBlank();
  const value =
    (keyword === 'with' || keyword === 'for') && tokenizer.peek() !== ':' ? tokenizer.readValue() : undefined;
  if (!value) return { args: rest.slice(begin).replace(/^\s*,/, '').trim() };
  const afterValue = tokenizer.p;
  let name = key;
  if (tokenizer.readIdentifier().content === 'as') name = tokenizer.readIdentifier().content;
  else tokenizer.p = afterValue;
  const args = rest.slice(tokenizer.p).replace(/^\s*,/, '').trim();
  if (keyword === 'with') return { args: [`${name}: ${value.getText()}`, args].filter(Boolean).join(', ') };
  return {
    before: `for ${name} in ${value.getText()}`,
    args: [`${name}: ${name}`, 'forloop: forloop', args].filter(Boolean).join(', '),
    after: 'endfor',
  };
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}

/**
 * Puts partials in their places in all texts of a template.
 *
 * @returns the template and, for texts that changed, what they are made of, by the text's field
 * @throws SourceError naming every partial that cannot be put in its place, by line and column
 */
export function withPartials(
  template: TemplateSource,
  partials: Readonly<Record<string, string>>,
): { template: TemplateSource; stretches: ReadonlyMap<string, readonly Stretch[]> } {
  const stretches = new Map<string, readonly Stretch[]>();
  const mistakes: Mistake[] = [];
  const inlined = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => inlined(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inlined(item, [...path, name])]));
    }
    if (typeof value !== 'string' || !/\{%-?\s*(?:render|(?:end)?partial)\b/.test(value)) return value;
    const field = pathOf(path);
    const { text, mistakes: found, ...whole } = inlinePartials(value, partials);
    stretches.set(field, whole.stretches);
    mistakes.push(...found.map((mistake) => mistakeAt(field, mistake.message, mistake)));
    return text;
  };
  const source = inlined(template.source, []);
  if (mistakes.length > 0) throw new SourceError(mistakes);
  return { template: { ...template, source } as TemplateSource, stretches };
}
