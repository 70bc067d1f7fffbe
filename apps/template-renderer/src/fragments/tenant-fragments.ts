import {
  defaultLayout,
  type FragmentKind,
  type FragmentSource,
  type LayoutSource,
  type PartialSource,
} from '@carillon/contracts';
import type { BuiltInLayout } from '../built-in/load.ts';
import { frameWordsFor, type EmailLayout } from '../compile/email-layout.ts';
import { partialsIn } from '../compile/inline-partials.ts';
import { localesFor } from '../templates/lookup-order.ts';
import type { TemplateSource } from '../templates/template-source.ts';

/** The layouts or partials that are in use, by key. */
interface InUse {
  layout: Readonly<Record<string, LayoutSource>>;
  partial: Readonly<Record<string, PartialSource>>;
}

/** What a source is compiled with, besides itself: just what this one uses, as plain data. */
export interface Surroundings {
  /** Null where the source names one that does not exist. */
  layout: EmailLayout | null;
  partials: Readonly<Record<string, string>>;
}

/** A tenant's layouts and partials as they are at one moment. */
export class TenantFragments {
  /**
   * @param version how often they have changed
   * @param builtIn Carillon's own layout
   */
  constructor(
    readonly version: number,
    readonly inUse: InUse,
    readonly builtIn: BuiltInLayout,
  ) {}

  /** Whether Carillon's own emails come in a frame of the tenant's. */
  get framesBuiltIns(): boolean {
    return Object.hasOwn(this.inUse.layout, defaultLayout);
  }

  /** As they would be with one of them changed; null = removed. */
  with(kind: FragmentKind, key: string, source: FragmentSource | null): TenantFragments {
    const { [key]: _, ...others } = this.inUse[kind];
    const changed = source ? { ...others, [key]: source } : others;
    return new TenantFragments(this.version + 1, { ...this.inUse, [kind]: changed }, this.builtIn);
  }

  around({ channel, source }: TemplateSource, locale: string): Surroundings {
    const layout = this.layout((channel === 'email' && source.layout) || defaultLayout, locale);
    const framed = channel === 'email' && layout ? [layout.mjml, ...Object.values(layout.words)] : [];
    return { layout, partials: this.partialsOf([source, framed], locale) };
  }

  /** The layout with this key in a language; null where there is none. */
  layout(key: string, locale: string): EmailLayout | null {
    const own = Object.hasOwn(this.inUse.layout, key) ? this.inUse.layout[key] : undefined;
    if (!own && key !== defaultLayout) return null;
    return {
      mjml: own?.mjml ?? this.builtIn.mjml,
      words: frameWordsFor(locale, [...(own?.words ? [own.words] : []), this.builtIn.words]),
    };
  }

  /** The partials that texts name, and those that they name, in a language. */
  partialsOf(texts: unknown, locale: string): Record<string, string> {
    const found: Record<string, string> = {};
    const follow = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) return Object.values(value).forEach(follow);
      if (typeof value !== 'string') return;
      for (const key of partialsIn(value)) {
        if (Object.hasOwn(found, key) || !Object.hasOwn(this.inUse.partial, key)) continue;
        follow((found[key] = this.partial(key, locale)));
      }
    };
    follow(texts);
    return found;
  }

  private partial(key: string, locale: string): string {
    const { text, translations = {} } = this.inUse.partial[key]!;
    const language = localesFor(locale).find((one) => Object.hasOwn(translations, one));
    return language === undefined ? text : translations[language]!;
  }
}
