import type { TemplatedChannel } from './template-source.ts';

/** Names a template whatever its version. */
export interface TemplateKey {
  /** The tenant whose own it is; `''` = Carillon's. */
  tenant: string;
  /** Notification type, or `generic`. */
  type: string;
  channel: TemplatedChannel;
  /** BCP 47 */
  locale: string;
}

/** What a source becomes when it is saved: Liquid alone, nothing left to compile when it is sent. */
export interface CompiledTemplate {
  /** By name: `title`, `message`, `actions[0].label`, …; `subject`, `html`, `text`; `text`. Only `html` is HTML. */
  parts: Record<string, string>;
  /** Data without which it cannot be rendered, found in the source. */
  required: string[];
  /** Data that it uses when they are there. */
  optional: string[];
}

/** A published version. It never changes; a changed source is a new version. */
export interface PublishedTemplate extends TemplateKey {
  version: number;
  compiled: CompiledTemplate;
  /** For Carillon's own emails in a tenant's frame: whose, and the version of its layouts and partials. */
  frame?: { tenant: string; version: number };
}

/** The type whose words are used where a type has none, and for the content that an event brings itself. */
export const genericType = 'generic';
