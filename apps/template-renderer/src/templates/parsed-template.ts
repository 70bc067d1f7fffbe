import { kindOf } from '../compile/compile.ts';
import { makeDirect } from '../engine/direct.ts';
import { parse, type ParsedPart } from '../engine/index.ts';
import type { PublishedTemplate, TemplateKey } from './template.ts';

/** A published template, ready to be filled in any number of times. */
export interface ParsedTemplate extends TemplateKey {
  readonly version: number;
  readonly parts: ReadonlyMap<string, ParsedPart>;
  readonly required: readonly string[];
}

/** @throws TemplateError, which can only mean that the stored version was made by an incompatible compiler */
export function parseTemplate({ compiled, ...key }: PublishedTemplate): ParsedTemplate {
  const parts = Object.entries(compiled.parts).map(
    ([name, source]) => [name, makeDirect(parse(kindOf(name), source))] as const,
  );
  return { ...key, parts: new Map(parts), required: compiled.required };
}
