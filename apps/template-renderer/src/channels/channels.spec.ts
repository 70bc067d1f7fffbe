import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileTemplate } from '../compile/compile.ts';
import { renderWords } from '../rendering/render-notification.ts';
import { parseTemplate } from '../templates/parsed-template.ts';
import { sourceSchemas, type TemplatedChannel, type TemplateSource } from '../templates/template-source.ts';
import { brand, now, routedTo } from '../testing/sample.ts';
import { blocksOf, textsOfBlocks } from './chat-blocks.ts';
import type { Words } from './index.ts';

const layout = {
  mjml: '<mjml><mj-body><mj-section><mj-column>[[greeting]][[body]]</mj-column></mj-section></mj-body></mjml>',
  words: {},
};

function compile(channel: TemplatedChannel, source: object) {
  const template = { channel, source: sourceSchemas[channel].parse(source) } as TemplateSource;
  return compileTemplate(template, 'en', layout);
}

/** What a source says of these data. */
async function said<C extends TemplatedChannel>(
  channel: C,
  source: object,
  data: Record<string, unknown> = {},
): Promise<Words[C]> {
  const compiled = await compile(channel, source);
  const template = parseTemplate({ tenant: '', type: 't', channel, locale: 'en', version: 1, compiled });
  return renderWords(routedTo([channel], { data }), template, brand, now) as Words[C];
}

const mistakesIn = (channel: TemplatedChannel, source: object): string[] =>
  (sourceSchemas[channel].safeParse(source).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('whole HTML of an email', () => {
  const html = `<!doctype html><html><head><style>p { color: #333 } .due { font-weight: bold }
    @media (prefers-color-scheme: dark) { p { color: #eee } }</style></head>
    <body class="x"><table><tbody>{% for line in lines %}<tr><td><p class="due">{{ line.name }}: {{ line.amount | money: "KES" }}</p></td></tr>{% endfor %}</tbody></table>
    <p>Hello {{ name }}, <a href="{{ link }}">pay</a></p></body></html>`;
  const data = {
    name: 'Tom & <b>',
    link: '/pay',
    lines: [
      { name: 'Piano', amount: 5 },
      { name: 'Drums', amount: 7 },
    ],
  };

  it('has its CSS inlined, its values escaped, its links completed and its text derived', async () => {
    const email = await said('email', { subject: 'S', html, preheader: 'Due & {{ name }}' }, data);
    expect(email.html).toContain('<p class="due" style="color: #333; font-weight: bold;">Piano: KES 5.00</p>');
    expect(email.html).toContain('@media (prefers-color-scheme: dark)');
    expect(email.html).toContain('Hello Tom &amp; &lt;b&gt;, <a href="https://umoja.example/pay">pay</a>');
    expect(email.html).toMatch(/<body class="x"><div style="display:none[^"]*">Due &amp; Tom &amp; &lt;b&gt;<\/div>/);
    expect(email.text).toContain('Drums: KES 7.00');
    expect(email.text).toContain('Hello Tom & <b>, pay <https://umoja.example/pay>');
  });

  it('needs what it writes out', async () => {
    const { required, optional } = await compile('email', { subject: 'S', html });
    expect({ required, optional }).toEqual({ required: ['link', 'name'], optional: ['lines'] });
  });

  it.each([
    ['<p>{{ a }}</p>', 'html: must be a whole document with <body>; parts of one go into body, as MJML'],
    ['<body><script>x</script></body>', 'html: <script> is not allowed in emails'],
    ['<body><iframe src="x"></iframe></body>', 'html: <iframe> is not allowed in emails'],
    ['<body><p onclick="x()">a</p></body>', 'html: the attribute onclick is not allowed in emails'],
    ['<body><a href="javascript:x()">a</a></body>', 'html: links must not hold scripts'],
    ['<body><p style="color: {{ c }}">a</p></body>', 'html: values are not allowed in the attribute style'],
    ['<body><p {{ c }}>a</p></body>', 'html: a value inside a tag must stand in a quoted attribute'],
    ['<body>\uE000</body>', 'html: must not contain the characters U+E000 and U+E001'],
    [
      `<style>${'p{color:red}'.repeat(400)}</style><body>${'<p>'.repeat(400)}</body>`,
      'html: has 400 style rules for 402 elements; their product must not exceed 100000',
    ],
    ['<body>{{ a | shout }}</body>', /^html: undefined filter: shout/],
  ])('is refused: %s', async (whole, reason) => {
    await expect(compile('email', { subject: 'S', html: whole })).rejects.toThrow(reason);
  });

  it('stands in the place of a body', () => {
    expect(mistakesIn('email', { subject: 'S', body: '<mj-text>x</mj-text>', html })).toEqual([
      'html: stands in the place of body; give one of them',
    ]);
    expect(mistakesIn('email', { subject: 'S' })).toEqual(['body: give body (MJML) or html (a whole document)']);
  });
});

describe('where answers to an email go', () => {
  const source = { subject: 'S', body: '<mj-text>x</mj-text>', reply_to: "{{ teacher.email | default: '' }}" };

  it('is an address that the data may say', async () => {
    expect(await said('email', source, { teacher: { email: 'musa@school.example' } })).toMatchObject({
      reply_to: 'musa@school.example',
    });
    expect(await said('email', source)).not.toHaveProperty('reply_to');
  });

  it.each(['nobody', 'a@b.example\r\nBcc: everyone@b.example', 'a@b.example, c@b.example', '<a@b.example>'])(
    'is never %j',
    async (address) => {
      await expect(said('email', source, { teacher: { email: address } })).rejects.toThrow(
        'reply_to must be one email address such as office@example.org',
      );
    },
  );
});

describe('the attachments of an email', () => {
  const source = {
    subject: 'S',
    body: '<mj-text>x</mj-text>',
    attachments: [{ from: 'invoice.pdf' }, { from: 'photos', optional: true }],
  };
  const base64 = (bytes: number) => Buffer.alloc(bytes).toString('base64');
  const file = (changes: object = {}) => ({
    filename: 'invoice.pdf',
    content_type: 'application/pdf',
    content: base64(10),
    ...changes,
  });
  const attached = async (pdf: unknown, photos?: unknown) =>
    (await said('email', source, { invoice: { pdf }, ...(photos !== undefined && { photos }) })).attachments;

  it('are taken from the data, one by one or as a list', async () => {
    const photo = { filename: 'Übung.JPG', content_type: 'image/jpeg', content: base64(1) };
    expect(await attached(file(), [photo, photo])).toEqual([file(), photo, photo]);
    expect(await attached(file(), null)).toEqual([file()]);
  });

  it('are required unless they are optional', async () => {
    expect(await compile('email', source)).toMatchObject({ required: ['invoice.pdf'], optional: ['photos'] });
    await expect(said('email', source)).rejects.toThrow(`the event's data have no "invoice.pdf"`);
  });

  it.each<[string, unknown, string]>([
    ['a header', file({ filename: 'a.pdf\r\nX: y' }), 'invoice.pdf.filename must not contain "/"'],
    ['a path', file({ filename: '../../a.pdf' }), 'invoice.pdf.filename must not contain "/"'],
    ['a name written backwards', file({ filename: 'a\u202Efdp.pdf' }), 'invoice.pdf.filename must not contain "/"'],
    ['a program', file({ filename: 'a.pdf.exe' }), 'invoice.pdf.filename must end in .pdf'],
    ['a page', file({ filename: 'a.html', content_type: 'text/html' }), 'invoice.pdf.content_type must be one of'],
    ['no base64', file({ content: 'x-y=' }), 'invoice.pdf.content must be base64'],
    ['a word', 'invoice.pdf', 'attachment invoice.pdf '],
    ['the second of a list', [file(), file({ content: '' })], 'invoice.pdf[1].content must not be empty'],
    ['eleven files', Array.from({ length: 11 }, () => file()), 'has 11 attachments, at most 10 are sent'],
    ['three megabytes', file({ content: base64(3 * 1024 * 1024) }), 'its attachments have 3.0 MiB, at most 2.5 MiB'],
  ])('are refused: %s', async (_, pdf, reason) => {
    await expect(attached(pdf)).rejects.toThrow(reason);
  });
});

describe('a push message', () => {
  const source = {
    title: '{{ title }}',
    body: '{{ body }}',
    icon: '/icon.png',
    actions: [{ label: 'Pay', url: "{{ url | default: '' }}" }],
  };

  it('has a title, a body, a link, pictures and actions', async () => {
    const data = { title: 'Due\ntoday', body: ' KES 5 ', link: '/i/7', url: '/pay' };
    expect(await said('push', { ...source, image: '{{ link }}' }, data)).toEqual({
      title: 'Due today',
      body: 'KES 5',
      link: '/i/7',
      icon: '/icon.png',
      image: '/i/7',
      actions: [{ label: 'Pay', url: '/pay' }],
    });
    expect(await said('push', source, { title: 't', body: 'b' })).toMatchObject({
      link: null,
      image: null,
      actions: [],
    });
  });

  it('is no longer than push services take it', async () => {
    const long = said('push', source, { title: 't', body: '🙂'.repeat(900) });
    await expect(long).rejects.toThrow(/its words take 3,?\d+ bytes, and a push at most 3500; shorten them/);
  });
});

describe('a chat message', () => {
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: 'Invoice {{ number }}', emoji: true } },
    {
      type: 'section',
      text: { type: 'mrkdwn', text: '*{{ name }}* owes <{{ link | url }}|{{ amount | money: "KES" }}>' },
      fields: [
        { type: 'mrkdwn', text: '{% if note %}_{{ note }}_{% endif %}' },
        { type: 'plain_text', text: '{{ number }}' },
      ],
    },
    { type: 'divider' },
    { type: 'image', image_url: "{{ picture | default: '' }}", alt_text: 'A picture' },
    { type: 'context', elements: [{ type: 'mrkdwn', text: '{{ note | default: "" }}' }] },
    {
      type: 'actions',
      elements: [
        { type: 'button', text: { type: 'plain_text', text: 'Open' }, url: '{{ link | url }}', style: 'primary' },
        { type: 'button', text: { type: 'plain_text', text: 'Remind' }, url: "{{ remind | default: '' }}" },
      ],
    },
  ];
  const data = { number: '7 & 8', name: '<!channel>', amount: 5, link: '/i/7' };

  it('has blocks as Slack takes them, without those that came out empty', async () => {
    expect(await said('chat', { text: 'Invoice {{ number }} of {{ name }}', blocks }, data)).toEqual({
      text: 'Invoice 7 &amp; 8 of &lt;!channel&gt;',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'Invoice 7 & 8' } },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: '*&lt;!channel&gt;* owes <https://umoja.example/i/7|KES 5.00>' },
          fields: [{ type: 'plain_text', text: '7 & 8' }],
        },
        { type: 'divider' },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Open' },
              url: 'https://umoja.example/i/7',
              style: 'primary',
            },
          ],
        },
      ],
    });
    expect(await said('chat', { text: 'Hi' })).toEqual({ text: 'Hi', blocks: [] });
  });

  it('says where its source is wrong', () => {
    expect(mistakesIn('chat', { text: 'x', blocks: [{ type: 'video' }, { type: 'header', text: 'x' }] })).toEqual([
      'blocks.0.type: must have the type header, section, divider, image, context or actions',
      expect.stringMatching(/^blocks\.1\.text: /),
    ]);
    expect(mistakesIn('chat', { text: 'x', blocks: Array(51).fill({ type: 'divider' }) })).toEqual([
      'blocks: at most 50 blocks',
    ]);
  });

  it('keeps the limits of Slack when it is filled in', async () => {
    const header = [{ type: 'header', text: { type: 'plain_text', text: '{{ t }}' } }];
    await expect(said('chat', { text: 'x', blocks: header }, { t: 'x'.repeat(151) })).rejects.toThrow(
      'blocks[0].text.text has more than 150 characters',
    );
    const button = { type: 'button', text: { type: 'plain_text', text: 'x' }, url: '{{ t }}' };
    await expect(
      said('chat', { text: 'x', blocks: [{ type: 'actions', elements: [button] }] }, { t: 'javascript:x' }),
    ).rejects.toThrow('blocks[0].elements[0].url must start with https://');
    await expect(said('chat', { text: '{{ t }}' }, { t: 'x'.repeat(4_001) })).rejects.toThrow(
      'text has 4001 characters, at most 4000 are sent',
    );
  });

  it('finds its blocks again from their texts, whatever they are', () => {
    const words = fc.string({ minLength: 1, maxLength: 20 }).map((text) => `x${text}x`);
    const text = fc.record({ type: fc.constantFrom('mrkdwn', 'plain_text'), text: words });
    const block = fc.oneof(
      fc.record({ type: fc.constant('section'), text, fields: fc.array(text, { minLength: 1 }) }),
      fc.record({ type: fc.constant('divider') }),
      fc.record({ type: fc.constant('image'), image_url: words, alt_text: words }),
      fc.record({ type: fc.constant('context'), elements: fc.array(text, { minLength: 1 }) }),
    );
    fc.assert(
      fc.property(fc.array(block), (made) => {
        expect(blocksOf(textsOfBlocks(made))).toEqual(made);
      }),
    );
  });
});
