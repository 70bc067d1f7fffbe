import { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

/** What a value is called, with its article. */
const nouns: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
  date: 'a time',
};

const formats: Record<string, string> = {
  email: 'an email address such as amina@example.org',
  url: 'an address such as https://example.org/page',
  uuid: 'a UUID such as 019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  guid: 'a UUID such as 019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
  datetime: 'a time such as 2026-11-21T09:30:00Z',
  date: 'a date such as 2026-11-21',
  time: 'a time of day such as 09:30:00',
  duration: 'an ISO 8601 duration such as P1DT2H',
  base64: 'text in base64',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
};

const counted: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries', map: 'entries' };

/** Where a value has several shapes and fits none; {@link import('./validate.ts').fieldErrors} looks into them. */
export const noShapeFits = 'has none of the shapes that are allowed here';

/** What is wrong with a value and what to write instead. Takes the place of Zod's own words wherever a schema has none. */
function inWords(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const noun = nouns[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is required: ${noun}` : `must be ${noun}`;
    }
    case 'invalid_value': {
      const values = issue.values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
      const choice = values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
      return issue.input === undefined ? choice.replace('must be', 'is required:') : choice;
    }
    case 'too_small':
      return sized(issue.origin, issue.exact ? 'exactly' : issue.inclusive ? 'at least' : 'more than', issue.minimum);
    case 'too_big':
      return sized(issue.origin, issue.exact ? 'exactly' : issue.inclusive ? 'at most' : 'less than', issue.maximum);
    case 'invalid_format':
      return formatted(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return noShapeFits;
    case 'invalid_key':
      return 'has a name that is not allowed here';
    default:
      return undefined;
  }
}

function sized(origin: string, relation: string, limit: number | bigint): string {
  const unit = counted[origin];
  if (!unit) return `must be ${relation} ${limit}`;
  if (limit === 1 && relation === 'at least') return 'must not be empty';
  return `must have ${relation} ${limit} ${unit}`;
}

function formatted(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  const { prefix, suffix, includes, pattern } = issue as Record<string, unknown>;
  if (issue.format === 'starts_with') return `must begin with "${prefix}"`;
  if (issue.format === 'ends_with') return `must end with "${suffix}"`;
  if (issue.format === 'includes') return `must contain "${includes}"`;
  if (issue.format === 'regex') return `must match ${pattern}`;
  return `must be ${formats[issue.format] ?? `valid ${issue.format}`}`;
}

z.config({ localeError: inWords });
