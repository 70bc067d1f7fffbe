import { LineCounter, parseDocument, type Document } from 'yaml';
import { jsonMistake } from './json-mistake.ts';
import { Places, type Place } from './places.ts';
import { syntaxMistakes } from './syntax-mistakes.ts';
import { Value } from './value.ts';

/** A document as it was sent. */
export interface CatalogText {
  format: 'yaml' | 'json';
  text: string;
}

/** What is wrong with a text, and where. */
export interface TextMistake extends Place {
  /** `['types', 'lesson_scheduled']`; none where it is the text as a whole. */
  path: PropertyKey[];
  message: string;
}

/** What a text says; or why it says nothing that could be worked with. */
export type Reading = { value: unknown } | { mistakes: TextMistake[] } | { tooLarge: string };

/** A catalog of a thousand types fits; larger is a mistake or an attack. */
const mostBytes = 1024 * 1024;

/**
 * Reads one document of YAML 1.2, or JSON. Here it is only made sure that the text says exactly one thing. Depends on nothing but
 * the parser, so that a thread of its own can do it.
 */
export function read(text: CatalogText): Reading {
  const { reading } = parsed(text);
  return reading;
}

/** Where paths such as `types.lesson_scheduled.when` stand in a text that can be read. */
export function placesOf(text: CatalogText, paths: readonly string[]): Place[] {
  const { places } = parsed(text);
  return paths.map((path) => places!.of(path));
}

/** The reading, with the document that it was made from where there is one. */
export function parsed({ format, text }: CatalogText): { reading: Reading; document?: Document; places?: Places } {
  if (Buffer.byteLength(text) > mostBytes) return { reading: { tooLarge: 'The document' } };
  const mistake = format === 'json' ? jsonMistake(text) : undefined;
  if (mistake) return { reading: { mistakes: [mistake] } };

  // JSON is YAML as well, and the YAML parser tells where things stand.
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    // It compares every key with every other: seconds for some thousand. `Value` finds them in one pass.
    uniqueKeys: false,
  });
  const places = new Places(document, lineCounter);
  const syntax = syntaxMistakes(document, places);
  if (syntax.length > 0) return { reading: { mistakes: syntax } };

  const { value, size, mistakes } = new Value(document, places, mostBytes);
  if (mistakes.length > 0) return { reading: { mistakes } };
  if (size > mostBytes) return { reading: { tooLarge: 'The document, with its aliases written out,' } };
  if (value === null) return { reading: { mistakes: [{ path: [], message: empty, ...places.at(0) }] } };
  return { reading: { value }, document, places };
}

const empty = 'is empty; for a catalog without anything of your own send {}';
