import { Problem, type FieldError } from '@carillon/contracts';
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

/** What a text says, and where it says it. */
export interface ReadCatalog extends CatalogText {
  value: unknown;
  /** For edits that keep comments. */
  document: Document;
  /** Where a path such as `types.lesson_scheduled.when` stands. */
  placeOf(path: string): Place;
}

/** A catalog of a thousand types fits; larger is a mistake or an attack. */
const mostBytes = 1024 * 1024;

/**
 * Reads a catalog document from its text: one YAML 1.2 document, or JSON. Here it is only made sure that the text says exactly
 * one thing; the schema and whatever needs the tenant's data is checked by the services that own these.
 * @throws Problem 422 `invalid_catalog` naming each mistake with its line; 413 `catalog_too_large`
 */
export function readCatalog({ format, text }: CatalogText): ReadCatalog {
  if (Buffer.byteLength(text) > mostBytes) throw tooLarge('The document');
  const mistake = format === 'json' ? jsonMistake(text) : undefined;
  if (mistake) throw invalidCatalog([mistake]);

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
  const mistakes = syntaxMistakes(document, places);
  if (mistakes.length > 0) throw invalidCatalog(mistakes);

  const { value, size, mistakes: surprises } = new Value(document, places, mostBytes);
  if (surprises.length > 0) throw invalidCatalog(surprises);
  if (size > mostBytes) throw tooLarge('The document, with its aliases written out,');
  if (value === null)
    throw invalidCatalog([
      { path: '(root)', message: 'is empty; for a catalog without anything of your own send {}', line: 1, column: 1 },
    ]);
  return { format, text, value, document, placeOf: (path) => places.of(path) };
}

/** All mistakes of a document in one answer, in the order in which they stand. */
export function invalidCatalog(errors: readonly FieldError[]): Problem {
  const inOrder = errors.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
  return Problem.unprocessable('invalid_catalog', 'The catalog document is not valid', inOrder);
}

function tooLarge(what: string): Problem {
  return new Problem({
    status: 413,
    code: 'catalog_too_large',
    title: 'The catalog document is too large',
    detail: `${what} must not be larger than 1 MiB.`,
  });
}
