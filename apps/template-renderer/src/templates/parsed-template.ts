import type { TemplateRef } from '@carillon/contracts';
import { wordsOf } from '../channels/index.ts';
import { makeDirect } from '../engine/direct.ts';
import { isPersonal, ownThread, parse, type ParsedPart } from '../engine/index.ts';
import type { PublishedTemplate } from './template.ts';

/** A published template, ready to be filled in any number of times. */
export interface ParsedTemplate extends PublishedTemplate {
  /** Null where the template is too long to be parsed in the service's own thread. */
  readonly parts: ReadonlyMap<string, ParsedPart> | null;
  readonly required: readonly string[];
  /** Whether what it says may differ between two recipients with the same language and time zone. */
  readonly personal: boolean;
  /** Where it is not what should have been there. */
  readonly fallback?: TemplateRef['fallback'];
  /** Where an experiment chose it. */
  readonly trial?: { readonly experiment: string; readonly variant: string };
}

/**
 * @param longest how many characters are parsed
 * @throws TemplateError, which can only mean that the stored version was made by an incompatible compiler
 */
export function parseTemplate(template: PublishedTemplate, longest: number = ownThread.source): ParsedTemplate {
  const { channel, compiled } = template;
  const length = Object.values(compiled.parts).reduce((sum, part) => sum + part.length, 0);
  if (length > longest) return { ...template, personal: true, parts: null, required: compiled.required };
  const { kindOf } = wordsOf(channel);
  const parsed = Object.entries(compiled.parts).map(([name, source]) => [name, parse(kindOf(name), source)] as const);
  return {
    ...template,
    // Looked at before what is simple is made direct.
    personal: parsed.some(([, part]) => isPersonal(part)),
    parts: new Map(parsed.map(([name, part]) => [name, makeDirect(part)])),
    required: compiled.required,
  };
}
