import type { LimitName } from '../engine/index.ts';

/** A template that means harm, or a data structure that does. */
export interface Hostile {
  what: string;
  source: string;
  data?: Record<string, unknown>;
  /** What it must be stopped for; several where it depends on the machine which comes first. */
  limits: readonly LimitName[];
}

/** `text` grows to `2 ** doublings` times its length. */
const doubled = (name: string, text: string, doublings: number): string =>
  `{% assign ${name} = "${text}" %}{% for i in (1..${doublings}) %}{% assign ${name} = ${name} | append: ${name} %}{% endfor %}`;

const any = ['time', 'memory', 'output'] as const;
const list = Array.from({ length: 4_000 }, (_, n) => ({ n, all: 1, tag: `t${n % 7}`, words: 'a b c' }));
const strings = list.map(({ n }) => `item ${(n * 7919) % 4_000}`);

/**
 * Known ways to make a template engine loop, explode or stall, and a few that LiquidJS 10.30 has no limit for. Every one must be
 * stopped in bounded time with bounded memory, in the service's own thread too.
 */
export const hostileTemplates: readonly Hostile[] = [
  // Loops
  {
    what: 'a loop in a loop',
    source: '{% for i in (1..950) %}{% for j in (1..1000) %}{% endfor %}{% endfor %}',
    limits: any,
  },
  {
    what: 'loops five deep over data',
    source: `${'{% for x in list %}'.repeat(5)}${'{% endfor %}'.repeat(5)}`,
    data: { list },
    limits: any,
  },
  { what: 'a huge range', source: '{% for i in (1..100000000000) %}x{% endfor %}', limits: ['memory'] },
  {
    what: 'a huge range that is only measured',
    source: '{% assign r = (1..999999999) %}{{ r.size }}',
    limits: ['memory'],
  },
  {
    what: 'a range to infinity',
    source: '{% assign n = 10 | divided_by: 0 %}{% for i in (1..n) %}{% endfor %}',
    limits: ['memory'],
  },
  {
    what: 'a backward range that would earn memory',
    source: '{% for i in (10..-900000000) %}{% endfor %}{% for i in (1..90000000) %}{% endfor %}',
    limits: ['memory'],
  },
  {
    what: 'a table of many rows',
    source: '{% tablerow i in (1..180000) cols:1 %}{{ i }}{% endtablerow %}',
    limits: any,
  },
  {
    what: 'a cycle for ever',
    source: '{% for i in (1..900) %}{% for j in (1..900) %}{% cycle "a", "b" %}{% endfor %}{% endfor %}',
    limits: any,
  },
  // Growth
  { what: 'a text that doubles', source: doubled('a', 'xxxxxxxxxx', 60), limits: ['memory'] },
  {
    what: 'a text that is prepended to itself',
    source: '{% assign a = "xxxxx" %}{% for i in (1..60) %}{% assign a = a | prepend: a %}{% endfor %}',
    limits: ['memory'],
  },
  {
    what: 'a captured text that doubles',
    source:
      '{% assign a = "<<<<<<<<<<" %}{% for i in (1..60) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}',
    limits: ['memory'],
  },
  {
    what: 'an escape that grows',
    source: '{% assign a = "&&&&&&&&&&" %}{% for i in (1..100000) %}{% assign a = a | escape %}{% endfor %}',
    limits: any,
  },
  {
    what: 'an encoding that grows',
    source: `${doubled('a', '€', 12)}{% for i in (1..10000) %}{% assign a = a | url_encode %}{% endfor %}`,
    limits: any,
  },
  {
    what: 'a replacement between all characters',
    source: `${doubled('a', 'x', 13)}{{ a | replace: "", a | size }}`,
    limits: ['memory'],
  },
  {
    what: 'a list joined by a long text',
    source: `${doubled('a', 'x', 13)}{{ a | split: "" | join: a | size }}`,
    limits: ['memory'],
  },
  {
    what: 'a list that is added to itself',
    source: '{% assign a = "1,2,3" | split: "," %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}',
    limits: ['memory'],
  },
  {
    what: 'a list in itself in itself',
    source: '{% assign a = "1,2" | split: "," %}{% for i in (1..60) %}{% assign a = a | push: a %}{% endfor %}{{ a }}',
    limits: any,
  },
  {
    what: 'a list in itself, written as JSON',
    source:
      '{% assign a = "1,2" | split: "," %}{% for i in (1..60) %}{% assign a = a | unshift: a %}{% endfor %}{{ a | json }}',
    limits: any,
  },
  {
    what: 'a group of everything in a group of everything',
    source:
      '{% assign g = list | group_by: "all" %}{% for i in (1..12) %}{% assign g = g | concat: g %}{% endfor %}{% assign m = g | map: "items" %}{{ m | size }}{{ m | join }}',
    data: { list: list.slice(0, 2_000) },
    limits: ['memory'],
  },
  {
    what: 'a huge output',
    source: `{% for i in (1..50000) %}${'x'.repeat(1000)}{% endfor %}`,
    limits: ['output', 'time'],
  },
  { what: 'a million lines', source: '{% for i in (1..180000) %}{{ i }} is a number{% endfor %}', limits: any },
  {
    what: 'a long value written often',
    source: '{{ text }}'.repeat(50),
    data: { text: 'x'.repeat(50_000) },
    limits: ['output'],
  },
  // Single steps that take long
  {
    what: 'a search that begins anew at every character',
    source: `${doubled('a', 'a', 16)}{% assign b = a | append: "b" | append: a %}{% assign t = a | append: a | append: a %}{{ t | split: b | size }}`,
    limits: ['memory'],
  },
  {
    what: 'a replacement of a text that nearly matches',
    source: `${doubled('a', 'a', 16)}{% assign b = a | append: "b" | append: a %}{{ a | append: a | append: a | replace: b, "" | size }}`,
    limits: ['memory'],
  },
  {
    what: 'a search from the end',
    source: `${doubled('a', 'a', 16)}{% assign b = a | append: "b" %}{{ a | append: a | replace_last: b, "" | size }}`,
    limits: ['memory'],
  },
  {
    what: 'a condition that searches',
    source: `${doubled('a', 'a', 16)}{% assign b = a | append: "b" | append: a %}{% assign t = a | append: a | append: a %}{% if t contains b %}x{% endif %}`,
    limits: ['memory'],
  },
  {
    what: 'sorting again and again',
    source: `{{ strings ${'| sort '.repeat(400)}| size }}`,
    data: { strings },
    limits: ['memory'],
  },
  {
    what: 'sorting by a field',
    source: `{{ list ${'| sort_natural: "words" '.repeat(400)}| size }}`,
    data: { list },
    limits: ['memory'],
  },
  {
    what: 'an expression for every element',
    source: `{{ list ${'| where_exp: "x", "x.n >= 0" '.repeat(400)}| size }}`,
    data: { list },
    limits: ['memory'],
  },
  {
    what: 'expressions in expressions',
    source: `{{ list | where_exp: "x", "list | has_exp: 'y', 'y.n > 30000'" | size }}`,
    data: { list },
    limits: ['memory'],
  },
  { what: 'sums of a long list', source: `${'{{ list | sum: "n" }}'.repeat(400)}`, data: { list }, limits: ['memory'] },
  {
    what: 'groups of a long list',
    source: `${'{% assign g = list | group_by: "tag" %}'.repeat(400)}`,
    data: { list },
    limits: ['memory'],
  },
  {
    what: 'shuffling a long list',
    source: `${'{{ strings | sample: 2 | size }}'.repeat(400)}`,
    data: { strings },
    limits: ['memory'],
  },
  {
    what: 'thousands of comparisons in one condition',
    source: `{% assign a = (1..60000) %}{% assign b = (1..60000) %}{% if ${Array.from({ length: 3_000 }, () => 'a != b').join(' or ')} %}x{% endif %}`,
    limits: any,
  },
  {
    what: 'thousands of filters in one output',
    source: `{{ text ${'| upcase '.repeat(5_000)}}}`,
    data: { text: 'x'.repeat(50_000) },
    limits: ['memory'],
  },
  {
    what: 'links from a long text',
    source: `{{ text ${'| slugify '.repeat(2_000)}}}`,
    data: { text: 'é '.repeat(30_000) },
    limits: ['memory'],
  },
  {
    what: 'tags taken out of what is no tag',
    source: `{% for i in (1..1000) %}{{ text | strip_html | size }}{% endfor %}`,
    data: { text: '<'.repeat(50_000) },
    limits: ['memory'],
  },
  {
    what: 'white space in a row',
    source: `{% for i in (1..1000) %}{{ text | squish | strip | size }}{% endfor %}`,
    data: { text: `x${' '.repeat(50_000)}x` },
    limits: ['memory'],
  },
  {
    what: 'HTML that is never closed',
    source: '{{ text | sanitize }}',
    data: { text: '<b><i>'.repeat(30_000) },
    limits: ['memory'],
  },
];
