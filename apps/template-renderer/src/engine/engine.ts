import {
  defaultOperators,
  Liquid,
  TokenKind,
  Tokenizer,
  toValueSync,
  type Context,
  type Emitter,
  type Template,
} from 'liquidjs';
import { ChargedCaptureTag } from './capture-tag.ts';
import { chargeFilters, containsCharged } from './charges.ts';
import { color } from './filters/color.ts';
import { date } from './filters/date.ts';
import { lineBreaks } from './filters/line-breaks.ts';
import { money } from './filters/money.ts';
import { number } from './filters/number.ts';
import { relative } from './filters/relative.ts';
import { sanitize } from './filters/sanitize.ts';
import { url } from './filters/url.ts';
import type { Formatting } from './formatting.ts';
import { limits, type Allowance } from './limits.ts';
import { LimitExceeded, Meter } from './meter.ts';
import { PartialTag } from './partial-tag.ts';
import { plainTextOf } from './plain-text.ts';
import { StrictContext } from './strict-context.ts';
import { NamedPartialTag } from './render-tag.ts';
import './positions.ts';
import { reasonOf, TemplateError, type LimitName } from './template-error.ts';
import { asText, escapes } from './text.ts';

/** What a part of a template becomes: values in `html` and in the `mrkdwn` of chats are escaped, values in `text` are not. */
export type OutputKind = keyof typeof escapes;

/** A parsed part of a template, ready to be filled in any number of times. */
export interface ParsedPart {
  readonly kind: OutputKind;
  readonly nodes: Template[];
}

const engines: Record<OutputKind, Liquid> = {
  html: createEngine('html'),
  text: createEngine('text'),
  mrkdwn: createEngine('mrkdwn'),
};

/**
 * @throws TemplateError for wrong syntax, an unknown filter or tag, or too long a source
 */
export function parse(kind: OutputKind, source: string): ParsedPart {
  if (source.length > limits.source) {
    throw new TemplateError(`becomes longer than ${limits.source} characters when it is compiled; make it shorter`);
  }
  try {
    return { kind, nodes: engines[kind].parse(source) };
  } catch (error) {
    throw new TemplateError(reasonOf(error));
  }
}

/**
 * Fills in a part. CPU only: no file, database or network is reached from a template.
 *
 * @param scope what the template sees by name
 * @param allowance what it may take
 * @throws TemplateError for a missing variable (naming it), a value that a filter cannot take, or a limit exceeded
 */
export function fill(part: ParsedPart, scope: object, formatting: Formatting, allowance: Allowance = limits): string {
  const engine = engines[part.kind];
  const { renderLimit, memoryLimit } = new Meter(allowance);
  const context = new StrictContext(
    scope,
    engine.options,
    { sync: true },
    { renderLimit, memoryLimit, liquid: engine },
  );
  context.setRegister('formatting', formatting);
  try {
    const emitter = new LimitedEmitter(allowance.output);
    return toValueSync(engine.renderer.renderTemplates(part.nodes, context, emitter)) as string;
  } catch (error) {
    throw new TemplateError(reasonOf(error), missingVariable(error), limitOf(error));
  }
}

/** How many characters of a source are Liquid; found out in a fraction of the time that parsing them takes. */
export function liquidLength(source: string): number {
  let length = 0;
  for (const { kind, begin, end } of new Tokenizer(source).readTopLevelTokens()) {
    if (kind !== TokenKind.HTML) length += end - begin;
  }
  return length;
}

/** The parsing engine itself, for the analysis of sources. */
export function engineOf(kind: OutputKind): Liquid {
  return engines[kind];
}

function createEngine(kind: OutputKind): Liquid {
  const liquid = new Liquid({
    strictVariables: true,
    strictFilters: true,
    // An optional variable is asked for with {% if x %} or {{ x | default: '' }}.
    lenientIf: true,
    ownPropertyOnly: true,
    // Nothing is ever read from disk: the only "files" are those in this empty map.
    templates: {},
    outputEscape: escapes[kind],
    operators: { ...defaultOperators, contains: containsCharged },
  });
  // A template is complete in itself, or its published version would change with another file.
  for (const tag of ['include', 'layout', 'block']) delete liquid.tags[tag];
  // Partials are put in their places when it is saved.
  liquid.registerTag('render', NamedPartialTag);
  liquid.registerTag('partial', PartialTag);
  liquid.registerTag('capture', ChargedCaptureTag);
  // `raw` would switch escaping off; LiquidJS' own date filters know neither the recipient's language nor zone.
  for (const filter of ['raw', 'date_to_xmlschema', 'date_to_rfc822', 'date_to_string', 'date_to_long_string']) {
    liquid.unregisterFilter(filter);
  }
  liquid.registerFilter('money', function (amount, currency) {
    return money(amount, currency, formattingOf(this.context));
  });
  liquid.registerFilter('number', function (value, decimals) {
    return number(value, decimals, formattingOf(this.context));
  });
  liquid.registerFilter('date', function (value, style) {
    return date(value, style, formattingOf(this.context));
  });
  liquid.registerFilter('relative', function (value) {
    return relative(value, formattingOf(this.context));
  });
  liquid.registerFilter('color', color);
  liquid.registerFilter('url', function (value) {
    return url(value, formattingOf(this.context));
  });
  // The same source is written out twice, as an email's HTML and as its text, so both know the same filters.
  const raw = kind === 'html';
  liquid.registerFilter('line_breaks', { raw, handler: raw ? lineBreaks : asText });
  liquid.registerFilter('sanitize', {
    raw,
    handler(value) {
      const html = sanitize(value, formattingOf(this.context));
      return raw ? html : plainTextOf(html);
    },
  });
  chargeFilters(liquid);
  return liquid;
}

function formattingOf(context: Context): Formatting {
  return context.getRegister<Formatting>('formatting');
}

function missingVariable(error: unknown): string | undefined {
  const cause = (error as { originalError?: { variableName?: unknown } }).originalError;
  return typeof cause?.variableName === 'string' ? cause.variableName : undefined;
}

function limitOf(error: unknown): LimitName | undefined {
  const cause = (error as { originalError?: unknown }).originalError ?? error;
  return cause instanceof LimitExceeded ? cause.limit : undefined;
}

/** LiquidJS counts what is allocated, not what is written: a loop around a long text is stopped here. */
class LimitedEmitter implements Emitter {
  buffer = '';

  constructor(private readonly most: number) {}

  write(value: unknown): void {
    this.buffer += asText(value);
    if (this.buffer.length > this.most) {
      throw new LimitExceeded('output', `writes more than ${this.most} characters; write less, or in shorter loops`);
    }
  }
}
