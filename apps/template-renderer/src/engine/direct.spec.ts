import { describe, expect, it } from '@jest/globals';
import { makeDirect } from './direct.ts';
import { fill, parse, TemplateError, type OutputKind } from './index.ts';

const formatting = { locale: 'en-001', timeZone: 'Africa/Nairobi', siteUrl: 'https://school.example' };
const scope = {
  name: '<Amina> & "co"',
  amount: 12500,
  currency: 'KES',
  link: '/i/1',
  empty: '',
  nothing: null,
  zero: 0,
  list: ['a', 'b'],
  course: { title: 'Piano', rooms: [{ number: 4 }], size: 3 },
  object: {},
};

const sources = [
  'plain',
  '{{ name }}|{{ name | upcase | append: "!" }}|{{ "literal" }}|{{ 7 }}|{{ true }}|{{ nil }}',
  '{{ amount | money: currency }} {{ amount | number: 1 }} {{ link | url }} {{ name | line_breaks }} {{ name | sanitize }}',
  '{{ missing }}',
  '{{ course.missing }}',
  '{{ course.rooms[0].number }} {{ course.rooms[1].number }}',
  '{{ course.title.x.y }}',
  '{{ nothing.x }}',
  '{{ missing | default: name }} {{ empty | default: "none" }} {{ nothing | default: 1 }} {{ zero | default: 2 }}',
  '{{ course.missing | default: missing_too }}',
  '{{ false | default: true, allow_false: true }}',
  '{{ amount | money: missing }}',
  '{{ amount | money: "shilling" }}',
  '{{ object }}',
  '{{ list }} {{ list.size }} {{ list.first }} {{ course.size }} {{ list[1] }} {{ list[course.size] }}',
  '{% if name %}a{{ name }}{% elsif link %}b{% else %}c{% endif %}',
  '{% if missing %}a{% elsif nothing %}b{% elsif empty %}empty is true{% endif %}',
  '{% if missing.x %}a{% else %}{{ missing }}{% endif %}',
  '{% if amount > 5 and link %}a{% endif %}{% if name | size %}b{% endif %}',
  '{% unless missing %}{{ name }}{% endunless %}',
  '{% for x in list %}{{ x }}{% if forloop.last %}.{% else %}, {% endif %}{{ name }}{% endfor %}{{ x }}',
  '{% for x in list %}{% if x == "b" %}{% break %}{% endif %}{{ x }}{% endfor %}',
  '{% assign name = "shadow" %}{{ name }}{% capture y %}[{{ name }}]{% endcapture %}{{ y }}',
  '{% case amount %}{% when 12500 %}{{ link }}{% endcase %}',
  'a  {{- name -}}  b  {%- if link -%}  c  {%- endif -%}  d',
  '{{ constructor }}',
  '{{ course.constructor }}',
  '{{ name.size }} {{ name["size"] }} {{ course["title"] }}',
];

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    const { reason, variable } = error as TemplateError;
    expect(error).toBeInstanceOf(TemplateError);
    return `failed: ${reason.replace(/, line:.*/, '')} (${variable})`;
  }
}

describe('direct evaluation', () => {
  it.each(sources.flatMap((source) => (['html', 'text', 'mrkdwn'] as const).map((kind) => [kind, source] as const)))(
    'does in %s what LiquidJS does: %s',
    (kind: OutputKind, source) => {
      const expected = outcome(() => fill(parse(kind, source), scope, formatting));
      expect(outcome(() => fill(makeDirect(parse(kind, source)), scope, formatting))).toBe(expected);
    },
  );

  it('keeps the limits', () => {
    const endless = makeDirect(
      parse('text', '{% for i in (1..900000) %}{% if name %}{{ name }}{% endif %}{% endfor %}'),
    );
    expect(() => fill(endless, scope, formatting)).toThrow(/takes more than 250 ms|handles more than 1000000/);
  });
});
