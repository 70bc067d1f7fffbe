import type { TemplateRef } from '@carillon/contracts';
import { wordsOf } from '../channels/index.ts';
import { makeDirect } from '../engine/direct.ts';
import { isPersonal, liquidLength, ownThread, parse, type ParsedPart } from '../engine/index.ts';
import { writesName } from '../engine/writes-name.ts';
import type { PublishedTemplate } from './template.ts';

/** A published template, ready to be filled in any number of times. */
export interface ParsedTemplate extends PublishedTemplate {
  /** Null where the template is too long to be parsed in the service's own thread. */
  readonly parts: ReadonlyMap<string, ParsedPart> | null;
  readonly required: readonly string[];
  /** Whether what it says may differ between two recipients with the same language and time zone. */
  readonly personal: boolean;
  /** Whether it cannot be filled in for somebody without a name. */
  readonly writesName: boolean;
  /** Where it is not what should have been there. */
  readonly fallback?: TemplateRef['fallback'];
  /** Where an experiment chose it. */
  readonly trial?: { readonly experiment: string; readonly variant: string };
}

/**
 * @param anyLength whether it is parsed however long that takes
 * @throws TemplateError, which can only mean that the stored version was made by an incompatible compiler
 */
export function parseTemplate(template: PublishedTemplate, anyLength = false): ParsedTemplate {
  const { channel, compiled } = template;
  if (!anyLength && isLong(Object.values(compiled.parts))) {
    return { ...template, personal: true, writesName: false, parts: null, required: compiled.required };
  }
  const { kindOf } = wordsOf(channel);
  const parsed = Object.entries(compiled.parts).map(([name, source]) => [name, parse(kindOf(name), source)] as const);
  return {
    ...template,
    // Looked at before what is simple is made direct.
    personal: parsed.some(([, part]) => isPersonal(part)),
    writesName: parsed.some(([, part]) => writesName(part)),
    parts: new Map(parsed.map(([name, part]) => [name, makeDirect(part)])),
    required: compiled.required,
  };
}

function isLong(sources: readonly string[]): boolean {
  const sum = (lengthOf: (source: string) => number) => sources.reduce((all, source) => all + lengthOf(source), 0);
  return sum(({ length }) => length) > ownThread.source || sum(liquidLength) > ownThread.liquid;
}
