import { wordsOf } from '../channels/index.ts';
import { parse, variableUses } from '../engine/index.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import type { FieldVariable } from './declared-data.ts';

/** Every place where a source uses data. Ten thousand of them take a good part of a second: for workers. */
export function usesOf({ channel, source }: TemplateSource): FieldVariable[] {
  const words = wordsOf(channel);
  return Object.entries(words.texts(source)).flatMap(([field, text]) =>
    variableUses(parse(words.kindOf(field), text)).map((use) => ({ ...use, field })),
  );
}
