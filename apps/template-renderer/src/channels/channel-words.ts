import type { NotificationRouted } from '@carillon/contracts';
import type { EmailLayout } from '../compile/email-layout.ts';
import type { Allowance, Formatting, OutputKind, PartVariables } from '../engine/index.ts';
import type { FilledParts } from '../rendering/render-parts.ts';
import type { ParsedTemplate } from '../templates/parsed-template.ts';

/** What a channel's words are: how they are compiled when they are saved, and what becomes of them when they are filled in. */
export interface ChannelWords<Source, Words> {
  /** Every text with Liquid in it, by its name in the source: `title`, `actions[0].url`. */
  texts(source: Source): Record<string, string>;
  /** The data it uses outside of its texts. */
  data?(source: Source): PartVariables;
  /** What the texts become, by name; left out where they stay as they are. @throws SourceError naming everything that is wrong */
  compile?(source: Source, locale: string, layout: EmailLayout): Promise<Record<string, string>>;
  /** What a text or a part of this name becomes. */
  kindOf(name: string): OutputKind;
  /** The filled-in parts as they are shown. @throws RenderFailure for what must not be shown */
  words(parts: FilledParts, filling: Filling): Words;
}

/** For whom and with what a template is filled in. */
export interface Filling {
  readonly routed: NotificationRouted;
  readonly template: ParsedTemplate;
  readonly formatting: Formatting;
  /** What it may take. */
  readonly allowance: Allowance;
}
