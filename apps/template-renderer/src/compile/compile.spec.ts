import { describe, expect, it } from '@jest/globals';
import { fill, parse } from '../engine/index.ts';
import { tidyText } from '../rendering/words.ts';
import { emailSourceSchema, type EmailSource } from '../templates/template-source.ts';
import { compileTemplate, hashOf } from './compile.ts';
import type { EmailLayout } from './email-layout.ts';

const layout: EmailLayout = {
  mjml: `<mjml lang="[[lang]]"><mj-head><mj-title>[[subject]]</mj-title><mj-preview>[[preheader]]</mj-preview></mj-head>
<mj-body><mj-section><mj-column>[[greeting]][[body]]</mj-column></mj-section></mj-body></mjml>`,
  words: { greeting: 'Hi {{ recipient.name }},' },
};
const formatting = { locale: 'en', timeZone: 'UTC', siteUrl: 'https://school.example' };
const email = (source: Partial<EmailSource>): { channel: 'email'; source: EmailSource } => ({
  channel: 'email',
  source: emailSourceSchema.parse({ subject: 'S', body: '<mj-text>B</mj-text>', greeting: false, ...source }),
});
const compile = (source: Partial<EmailSource>) => compileTemplate(email(source), 'en', layout);

async function written(source: Partial<EmailSource>, scope: object): Promise<{ html: string; text: string }> {
  const { parts } = await compile(source);
  return {
    html: fill(parse('html', parts.html!), scope, formatting),
    text: tidyText(fill(parse('text', parts.text!), scope, formatting)),
  };
}

describe('compiling an email', () => {
  it('leaves Liquid intact through MJML and into the text', async () => {
    const body = `<mj-text>{{ a | append: " & <b>" }} {% if b > 1 and c != "}" %}x{% endif %}</mj-text>
      {% if link %}
      <mj-button href="{{ link | append: '?a="1"' }}">Go to {{ a }}</mj-button>
      {% endif %}`;
    const { html, text } = await written({ body }, { a: 'Tom', b: 2, c: 1, link: '/x' });
    expect(html).toContain('Tom &amp; &lt;b&gt; x');
    expect(html).toContain('href="https://school.example/x?a=&quot;1&quot;"');
    expect(text).toBe('Tom & <b> x\n\nGo to Tom <https://school.example/x?a="1">');
    const without = await written({ body }, { a: 'Tom', b: 0, c: 1 });
    expect(without.html).not.toContain('href');
    expect(without.text).toBe('Tom & <b>');
  });

  it('refuses a link to a script when it is filled in', async () => {
    const body = '<mj-text><a href="{{ link }}">x</a></mj-text>';
    await expect(written({ body }, { link: 'javascript:alert(1)' })).rejects.toThrow('a link must start with https://');
  });

  it('greets, puts subject and preheader into the frame as HTML, and finds the variables', async () => {
    const source = { subject: 'Q&A {{ a }}', preheader: '{% if b %}<{{ b }}{% endif %}', greeting: true };
    const { parts, required, optional } = await compile(source);
    expect(parts.subject).toBe('Q&A {{ a }}');
    expect(parts.html).toContain('<title>Q&amp;A {{ a }}</title>');
    expect(parts.html).toContain('{% if b %}&lt;{{ b }}{% endif %}');
    expect(parts.html).toContain('Hi {{ recipient.name }},');
    expect({ required, optional }).toEqual({ required: ['a'], optional: ['b'] });
  });

  it('takes the text as it is given', async () => {
    expect((await compile({ text: 'Plain {{ a }}' })).parts.text).toBe('Plain {{ a }}');
  });

  it('writes a table row by row, and an address once', async () => {
    const body = `<mj-table css-class="details"><tr><th>A</th><td>{{ a }}</td></tr>{% if b %}<tr><th>B</th><td>{{ b }}</td></tr>{% endif %}</mj-table>
      <mj-text>Write to <a href="mailto:{{ m }}">{{ m }}</a>.</mj-text>`;
    const { text } = await written({ body }, { a: 1, b: 2, m: 'a@b.example' });
    expect(text).toBe('A: 1\nB: 2\n\nWrite to a@b.example.');
  });

  it('lets colours stand in styles and in MJML’s colour attributes, and nothing but colours when it is filled in', async () => {
    const body = `<mj-text><p style="color: {{ brand.colors.primary }}; background: {{ tint | color }}">x</p></mj-text>
      <mj-button background-color="{{ brand.colors.primary }}" href="https://x.example">Go</mj-button>`;
    const brand = { colors: { primary: '#aabb11' } };
    const { html, text } = await written({ body }, { brand, tint: '#c01000' });
    expect(html).toContain('style="color: #aabb11; background: #c01000"');
    expect(html).toContain('bgcolor="#aabb11"');
    expect(text).toBe('x\n\nGo <https://x.example>');
    const hostile = '#fff; background: url(https://evil.example)';
    await expect(written({ body }, { brand, tint: hostile })).rejects.toThrow('color needs a colour');
    // Whatever a template calls "brand".
    const renamed = `<mj-text>{% assign brand = data %}<p style="color: {{ brand.colors.primary }}">x</p></mj-text>`;
    const data = { colors: { primary: hostile } };
    await expect(written({ body: renamed }, { data })).rejects.toThrow('color needs a colour');
    expect(await written({ body: renamed }, { data: brand })).toMatchObject({ text: 'x' });
  });

  it.each([
    ['<mj-text><p style="color: {{ a | append: \' | color\' }}">x</p></mj-text>'],
    ['<mj-text><p style="color: {{ a | append: "| color }}" }}">x</p></mj-text>'],
    ['<mj-text><p style="color: {{ a | color | append: b }}">x</p></mj-text>'],
    ['<mj-text><p style="{% if a %}color: #fff{% endif %}">x</p></mj-text>'],
    ['<mj-text><p srcset="{{ a | color }}">x</p></mj-text>'],
  ])('lets nothing that only looks like a colour into a style: %s', async (body) => {
    await expect(compile({ body })).rejects.toThrow(/^body: /);
  });

  it.each([
    [{ body: '<mj-text>{{ a</mj-text>' }, /^body: /],
    [{ body: '<mj-text>{% if a %}x</mj-text>' }, /^body: tag .* not closed/],
    [{ subject: '{{ a | shout }}' }, /^subject: undefined filter: shout/],
    [
      { body: '<mj-text>a</mj-text>\n<mj-text colour="red">b</mj-text>' },
      /^body: line 2: Attribute colour is illegal$/,
    ],
    [{ body: '<mj-paragraph>a</mj-paragraph>' }, /^body: line 1: Element mj-paragraph doesn't exist/],
    [
      { body: '{{ a }}<mj-text>b</mj-text>' },
      /^body: line 1, column 1: \{\{ a }} stands outside any text; put it into <mj-text>$/,
    ],
    [
      { body: '<mj-text><a href={{ a }}>x</a></mj-text>' },
      /^body: line 1, column \d+: a value inside a tag must stand in a quoted attribute$/,
    ],
    [
      { body: '<mj-text><a {{ a }}>x</a></mj-text>' },
      /^body: line 1, column \d+: a value inside a tag must stand in a quoted attribute$/,
    ],
    [
      { body: '<mj-text><p style="color: {{ a }}">x</p></mj-text>' },
      /^body: line 1, column 27: values are not allowed in the attribute style; only colours are/,
    ],
    [
      { body: '<mj-text><p onclick="x({{ a }})">x</p></mj-text>' },
      /^body: line 1, column \d+: values are not allowed in the attribute onclick$/,
    ],
    [
      { body: '<mj-text><script>{{ a }}</script></mj-text>' },
      /^body: line 1, column \d+: values are not allowed inside <script>$/,
    ],
    [
      { body: '<mj-text><a href="{% if a %}{{ a }}{% endif %}">x</a></mj-text>' },
      /^body: line 1, column \d+: conditions are not allowed in href/,
    ],
    [{ body: '<mj-include path="/etc/hostname" type="html" />' }, /^body: <mj-include> is not allowed/],
    [{ body: '<mj-text>\uE000</mj-text>' }, /^body: must not contain/],
    [{ preheader: '\uE001' }, /^preheader: must not contain/],
    [
      { body: '<mj-text><script>{{ a }}</mj-text>' },
      /^body: line 1, column \d+: values are not allowed inside <script>$/,
    ],
    [{ body: '<mj-text>x</mj-text>'.repeat(501) }, /^body: has 501 components; at most 500 are allowed$/],
    [{ body: `<mj-text>${'<div>'.repeat(9_000)}</mj-text>` }, /^body: is nested too deeply$/],
    // Quadratic in its length if the attributes' names were looked for at every letter.
    [
      { body: `<mj-text><a ${'a'.repeat(49_000)} {{ a }}>x</a></mj-text>` },
      /^body: line 1, column \d+: a value inside a tag must stand in a quoted attribute$/,
    ],
    [
      { subject: '{{ a', text: '{{ a | shout }}', body: '<mj-text href="x">{{ b }}</mj-text>' },
      /^subject: .* not closed.*; text: undefined filter: shout.*; body: line 1: Attribute href is illegal$/,
    ],
  ])('refuses %j with the part and the reason', async (source, reason) => {
    await expect(compile(source)).rejects.toThrow(reason);
  });
});

describe('the hash of a source', () => {
  it('changes with the words and, for an email, with its frame', () => {
    const changed = { ...layout, words: { greeting: 'Hello' } };
    const sms = { channel: 'sms', source: { text: 'x' } } as const;
    expect(hashOf(email({}), 'en', layout)).toBe(hashOf(email({}), 'en', structuredClone(layout)));
    expect(hashOf(email({}), 'en', layout)).not.toBe(hashOf(email({ subject: 'T' }), 'en', layout));
    expect(hashOf(email({}), 'en', layout)).not.toBe(hashOf(email({}), 'en', changed));
    expect(hashOf(sms, 'en', layout)).toBe(hashOf(sms, 'en', changed));
  });
});
