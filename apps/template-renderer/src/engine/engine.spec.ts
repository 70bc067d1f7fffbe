import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { makeDirect } from './direct.ts';
import { fill, parse, TemplateError, variablesOf, type OutputKind } from './index.ts';

const formatting = { locale: 'en-001', timeZone: 'Africa/Nairobi', siteUrl: 'https://school.example' };

function render(kind: OutputKind, source: string, scope: object = {}): string {
  return fill(parse(kind, source), scope, formatting);
}

function failure(work: () => unknown): TemplateError {
  try {
    work();
  } catch (error) {
    return error as TemplateError;
  }
  throw new Error('did not fail');
}

describe('filling in a template', () => {
  it('formats with the recipient’s locale and zone', () => {
    const source = '{{ amount | money: currency }} on {{ due | date }} for {{ n | number }} at {{ "/x" | url }}';
    expect(render('text', source, { amount: 12500, currency: 'KES', due: '2026-12-01', n: 1200 })).toBe(
      'KES 12,500.00 on 1 December 2026 for 1,200 at https://school.example/x',
    );
  });

  it('names a variable that is missing', () => {
    const error = failure(() => render('text', 'Hello {{ recipient.nickname }}', { recipient: {} }));
    expect(error).toBeInstanceOf(TemplateError);
    expect(error.variable).toBe('recipient.nickname');
  });

  it.each<[string, object]>([
    ['Hello {{ name }},', { name: null }],
    ['Hello {{ name }},', { name: '' }],
    ['Hello {{ name | upcase }},', { name: ' \n' }],
    ['{% if late %}Hello {{ name }},{% endif %}', { name: '', late: true }],
    ['{% for name in names %}Hello {{ name }},{% endfor %}', { names: ['Amina', ''] }],
    ['{% for one in people %}Hello {{ one["name"] }},{% endfor %}', { people: [{ name: null }] }],
    ['{% assign greeted = name %}Hello {{ greeted }},', {}],
  ])('leaves no gap where a value is null or empty: %s', (source, scope) => {
    for (const part of [parse('text', source), makeDirect(parse('text', source))]) {
      expect(failure(() => fill(part, scope, formatting)).variable).toMatch(/name|greeted/);
    }
  });

  it('takes null and empty text for nothing in conditions and before a default, and lets a template be empty itself', () => {
    const source =
      '{% if name %}a{% endif %}{% unless name %}b{% endunless %}{% if name == blank %}c{% endif %}{{ name | default: "d" }}' +
      '{% assign none = "" %}{{ none }}{% capture rest %}{% if name %}e{% endif %}{% endcapture %}{{ rest }}';
    for (const name of ['', ' ', null, undefined]) {
      for (const part of [parse('text', source), makeDirect(parse('text', source))]) {
        expect(fill(part, { name }, formatting)).toBe('bcd');
      }
    }
  });

  it('writes values for chats as text that calls nobody', () => {
    const source = '<{{ link | url }}|Open> {{ name }} "quoted" &';
    expect(render('mrkdwn', source, { link: '/a?b&c', name: '<!channel> <https://evil.example|Pay>' })).toBe(
      '<https://school.example/a?b&amp;c|Open> &lt;!channel&gt; &lt;https://evil.example|Pay&gt; "quoted" &',
    );
  });

  it('takes a variable as optional in a condition and before a default', () => {
    const source = '{% if link %}{{ link }}{% endif %}{% unless link %}none{% endunless %} {{ name | default: "you" }}';
    expect(render('text', source)).toBe('none you');
  });

  it('sees only what belongs to the data itself', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'data.constructor', 'list.constructor']) {
      expect(failure(() => render('text', `{{ ${name} }}`, { data: {}, list: [] })).variable).toBeDefined();
    }
  });

  it('never says [object Object]', () => {
    expect(failure(() => render('text', '{{ a }}', { a: {} })).reason).toContain('name one of its fields');
    expect(render('text', '{{ a }}', { a: ['x', 2] })).toBe('x, 2');
  });

  it('knows no raw output, no other files and no unknown filter', () => {
    for (const source of ['{{ a | raw }}', '{{ a | shout }}', '{% include "x" %}', '{% layout "x" %}']) {
      expect(() => parse('html', source)).toThrow(TemplateError);
    }
  });

  it('escapes values in HTML and leaves them alone in text', () => {
    const scope = { a: `<b a="1" c='2'>&` };
    expect(render('html', '<p title="{{ a }}">{{ a }}</p>', scope)).toBe(
      '<p title="&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;</p>',
    );
    expect(render('text', '{{ a }}', scope)).toBe(scope.a);
    expect(render('html', '{{ a | line_breaks }}', { a: '<i>\nb' })).toBe('&lt;i&gt;<br>b');
    expect(render('html', '{% echo a %}', { a: '<i>' })).toBe('&lt;i&gt;');
  });

  it('lets no value become a tag or leave its attribute, whatever filters it goes through', () => {
    const filters = [
      '',
      '| upcase',
      '| truncate: 40',
      '| default: "x"',
      '| append: a',
      '| strip_html',
      '| escape_once',
    ];
    const source = filters.map((filter) => `<p title="{{ a ${filter} }}">{{ a ${filter} }}</p>`).join('');
    const tricky = fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', 'a', '/', '%3C', '&lt;', ' ') });
    fc.assert(
      fc.property(fc.oneof(fc.string(), tricky), (a) => {
        fc.pre(a.trim() !== '');
        const html = render('html', source, { a });
        expect(html.match(/</g)).toHaveLength(filters.length * 2);
        expect(html.match(/>/g)).toHaveLength(filters.length * 2);
        expect(html.match(/"/g)).toHaveLength(filters.length * 2);
      }),
    );
  });
});

describe('the variables of a template', () => {
  const variables = (source: string) => variablesOf(parse('text', source));

  it('are required where they are written out in any case', () => {
    expect(variables('{{ a }} {{ b.c | money: d }} {% echo e %}{% assign f = g %}{{ f }}')).toEqual({
      required: ['a', 'b.c', 'd', 'e', 'g'],
      optional: [],
    });
  });

  it('are optional in conditions, in loops and before a default', () => {
    expect(
      variables('{% if a %}{{ a }}{{ b }}{% endif %}{% for x in c %}{{ x }}{% endfor %}{{ d | default: "" }}'),
    ).toEqual({
      required: [],
      optional: ['a', 'b', 'c', 'd'],
    });
  });

  it('do not include what Carillon gives', () => {
    expect(variables('{{ recipient.name }}{{ brand.name }}{{ notification.link }}{{ now }}')).toEqual({
      required: [],
      optional: [],
    });
  });
});
