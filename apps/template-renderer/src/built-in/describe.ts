import { genericType } from '../templates/template.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import { templateVariables } from '../templates/template-variables.ts';
import { loadBuiltIns } from './load.ts';

/** What an event of a built-in type has to bring so that every channel can be rendered. */
export interface TemplatedType {
  type: string;
  channels: TemplatedChannel[];
  locales: string[];
  /** Without one of these some channel cannot be rendered. */
  required: string[];
  optional: string[];
  sample: Record<string, unknown>;
}

/** Every built-in type with words of its own; the variables are found in its templates' source. Sorted by type. */
export function describeBuiltIns(): TemplatedType[] {
  const types = new Map<string, { [List in 'channels' | 'locales' | 'required' | 'optional']: Set<string> }>();
  const samples = new Map<string, Record<string, unknown>>();
  for (const { type, locale, template, sample } of loadBuiltIns()) {
    if (type === genericType) continue;
    const sets = types.get(type) ?? {
      channels: new Set(),
      locales: new Set(),
      required: new Set(),
      optional: new Set(),
    };
    types.set(type, sets);
    // The English one, where there is one: files come in the order of their languages.
    if (!samples.has(type)) samples.set(type, sample);
    const { required, optional } = templateVariables(template);
    sets.channels.add(template.channel);
    sets.locales.add(locale);
    for (const name of required) sets.required.add(name);
    for (const name of optional) sets.optional.add(name);
    // Every email and SMS may show it, and every in-app notification leads to it.
    sets.optional.add('link');
  }
  return [...types].sort().map(([type, { channels, locales, required, optional }]) => ({
    type,
    channels: [...channels] as TemplatedChannel[],
    locales: [...locales],
    required: [...required].sort(),
    optional: [...optional].filter((name) => !required.has(name)).sort(),
    sample: samples.get(type)!,
  }));
}
