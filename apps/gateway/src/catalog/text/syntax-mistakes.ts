import type { Document, YAMLError } from 'yaml';
import type { Places } from './places.ts';
import type { TextMistake } from './reading.ts';

/** After one mistake the parser stumbles over much of what follows; nobody reads further than this. */
const most = 20;

/** What the parser complains of, in words that name the cure. */
export function syntaxMistakes({ errors, warnings, directives }: Document, places: Places): TextMistake[] {
  const first = places.at(0);
  if (directives?.yaml.explicit && directives.yaml.version !== '1.2')
    return [{ path: [], message: 'must be YAML 1.2; remove the %YAML directive', ...first }];
  if (errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    return [{ path: [], message: 'is nested too deeply', ...first }];
  return [...errors, ...warnings]
    .slice(0, most)
    .map((error) => ({ path: [], message: plainly(error), ...places.at(error.pos[0]) }));
}

function plainly({ code, message }: YAMLError): string {
  return cures[code] ?? `is not valid YAML: ${message}`;
}

const cures: Partial<Record<YAMLError['code'], string>> = {
  MULTIPLE_DOCS: 'must be one document; remove the second "---"',
  NON_STRING_KEY: 'a key must be plain text; put a value that begins with "{" or "[" in quotes',
  TAB_AS_INDENT: 'must be indented with spaces; replace the tab',
  BLOCK_AS_IMPLICIT_KEY: 'a value that contains ": " must be in quotes',
  BAD_SCALAR_START: 'a value that begins with @, ` or % must be in quotes',
  TAG_RESOLVE_FAILED: 'must not have a tag of its own; remove what begins with "!"',
};
