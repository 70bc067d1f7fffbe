import type { Channel, Content } from '@carillon/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compileTemplate } from '../compile/compile.ts';
import { parseTemplate, type ParsedTemplate } from '../templates/parsed-template.ts';
import type { TemplateSource } from '../templates/template-source.ts';
import { brand, compiledBuiltIns, now, routedTo } from '../testing/sample.ts';
import { renderNotification } from './render-notification.ts';

let builtIns: Map<string, Map<Channel, ParsedTemplate>>;
beforeAll(async () => {
  builtIns = await compiledBuiltIns();
});

const all: Channel[] = ['in_app', 'email', 'sms'];

function rendered(type: string, changes: Parameters<typeof routedTo>[1] = {}, channels = all) {
  const routed = routedTo(channels, changes);
  const { deliveries, failures } = renderNotification(routed, builtIns.get(type)!, brand, now);
  const byChannel = Object.fromEntries(deliveries.map(({ channel, data }) => [channel, data])) as any;
  return { ...byChannel, failures: failures.map(({ message }) => message) };
}

describe('a notification with words of its own', () => {
  it('is written in the words of its type on every channel', () => {
    const { in_app, email, sms, failures } = rendered('invoice_issued');
    expect(failures).toEqual([]);
    expect(in_app).toMatchObject({
      delivery_id: 'delivery-in_app',
      recipient: 'parent-17',
      title: 'Invoice INV-1001',
      message: 'KES 12,500.00 is due on 1 December 2026.',
      link: null,
      html: null,
      actions: [],
      metadata: {},
      actor: null,
      template: { key: 'invoice_issued', version: 1, locale: 'en' },
    });
    expect(email).toMatchObject({
      to: { address: 'email-17', name: 'Amina Otieno' },
      subject: 'Invoice INV-1001: KES 12,500.00',
    });
    expect(email.html).toContain('KES 12,500.00');
    expect(email.text).toBe(
      [
        'Hi Amina Otieno,',
        'A new invoice has been issued to you.',
        'Amount due: KES 12,500.00',
        'Invoice: INV-1001\nDue on: Tuesday, 1 December 2026',
        'Sent to you by Umoja School <https://umoja.example>.\nQuestions? help@umoja.example',
      ].join('\n\n'),
    );
    expect(sms).toMatchObject({
      to: 'sms-17',
      text: 'Umoja School: invoice INV-1001 of KES 12,500.00 is due on 1 December 2026.',
    });
  });

  it('tells the inbox what it is about, in whose language, and with what it becomes one', () => {
    const data = { invoice_id: 'i-1', invoice_number: '1', amount: 1, currency: 'KES', due_date: '2026-12-01' };
    const batch = { key: 'i-1', window_ms: 60_000, max: 10 };
    const recipient = { id: 'p', name: null, locale: 'sw-KE', time_zone: 'Africa/Nairobi' };
    const { in_app, email } = rendered('invoice_issued', { data, batch, recipient });
    expect(in_app).toMatchObject({ related: { invoice_id: 'i-1' }, locale: 'sw-KE', batch });
    expect(email).not.toHaveProperty('batch');
    expect(rendered('invoice_issued').in_app).not.toHaveProperty('batch');
  });

  it('is written for the recipient’s region', () => {
    const recipient = { id: 'p', name: null, locale: 'en-US', time_zone: 'America/New_York' };
    const data = { starts_at: '2026-11-28T20:00:00Z', ends_at: '2026-11-28T22:00:00Z' };
    const { in_app } = rendered('maintenance', { recipient, data });
    expect(in_app.message).toContain('from November 28, 2026 at 3:00 PM EST to November 28, 2026 at 5:00 PM EST');
  });

  it('is rendered once for several contacts of a channel', () => {
    const deliveries = ['a@x.example', 'b@x.example'].map((address) => ({
      delivery_id: address,
      channel: 'email' as const,
      address,
    }));
    const { deliveries: done } = renderNotification(
      routedTo([], { deliveries }),
      builtIns.get('invoice_issued')!,
      brand,
      now,
    );
    expect(done.map(({ data }) => [data.delivery_id, (data as { to: object }).to])).toEqual([
      ['a@x.example', { address: 'a@x.example', name: 'Amina Otieno' }],
      ['b@x.example', { address: 'b@x.example', name: 'Amina Otieno' }],
    ]);
  });

  it('leads where the data say, and completes a path in email and SMS', () => {
    const data = { invoice_number: '1', amount: 1, currency: 'KES', due_date: '2026-12-01', link: '/i/1' };
    const { in_app, email, sms } = rendered('invoice_issued', { data });
    expect(in_app.link).toBe('/i/1');
    expect(email.html).toContain('href="https://umoja.example/i/1"');
    expect(email.text).toContain('View invoice <https://umoja.example/i/1>');
    expect(sms.text).toContain('https://umoja.example/i/1');
  });

  it('keeps a line break out of the subject', () => {
    const data = { ticket_id: '1', subject: 'a\r\nBcc: everyone@x.example' };
    expect(rendered('ticket_created', { data }).email.subject).toBe('[1] a Bcc: everyone@x.example');
  });
});

describe('what cannot be rendered', () => {
  it('names the channel, the template, the locale and every missing variable, and holds up no other channel', async () => {
    const { failures, in_app } = rendered('invoice_issued', { data: { invoice_number: '1', amount: null } });
    expect(in_app).toBeUndefined();
    expect(failures).toEqual([
      `in_app (template invoice_issued v1, en): the event's data have no "amount", "currency", "due_date"; send them in data`,
      `email (template invoice_issued v1, en): the event's data have no "amount", "currency", "due_date"; send them in data`,
      `sms (template invoice_issued v1, en): the event's data have no "amount", "currency", "due_date"; send them in data`,
    ]);
    const partly = rendered('login_alert', { data: { time: '2026-11-21T09:30:00Z', link: 'javascript:alert(1)' } });
    expect(partly.failures).toEqual([
      'in_app (template login_alert v1, en): link must start with https://, http://, mailto: or a single /',
      expect.stringMatching(/^email \(template login_alert v1, en\): html: a link must start with https:\/\//),
    ]);
    expect(partly.sms.text).toContain('new sign-in');
  });

  it('never repeats the data', () => {
    const data = { invoice_number: 'SECRET', amount: 'SECRET', currency: 'SECRET', due_date: 'SECRET', link: 'SECRET' };
    const { failures } = rendered('invoice_issued', { data });
    expect(failures).toHaveLength(3);
    expect(failures.join()).not.toContain('SECRET');
  });

  it('includes a channel that has no templates', () => {
    const { failures, sms } = rendered('invoice_issued', {}, ['push', 'sms']);
    expect(failures).toEqual(['push: there is no template for this channel']);
    expect(sms.to).toBe('sms-17');
  });
});

describe('a type without words of its own', () => {
  it('is written in the generic words, with the title and message of its data', () => {
    const data = { title: 'Lesson moved', message: 'It is now on Friday.', link: '/lessons/1' };
    const { in_app, email, sms, failures } = rendered('generic', { type: 'lesson_moved', data });
    expect(failures).toEqual([]);
    expect(in_app).toMatchObject({ title: 'Lesson moved', message: 'It is now on Friday.', link: '/lessons/1' });
    expect(in_app.template).toEqual({ key: 'generic', version: 1, locale: 'en' });
    expect(email.subject).toBe('Lesson moved');
    expect(sms.text).toBe('Umoja School: Lesson moved - It is now on Friday. https://umoja.example/lessons/1');
  });

  it('is named by its type when the data say nothing', () => {
    const { in_app, sms } = rendered('generic', { type: 'lesson.moved', data: { title: 7, html: '<b>x</b>' } });
    expect(in_app).toMatchObject({ title: 'Lesson moved', message: 'You have a new notification.', html: null });
    expect(sms.text).toBe('Umoja School: Lesson moved');
  });
});

describe('content that the event brings itself', () => {
  const content: Content = {
    title: 'Room {{ 4 }} & you',
    message: 'Line 1 <b>\nLine 2',
    html: '<p onclick="x()">Read <a href="/r">this</a></p><script>alert(1)</script>',
    link: '/r',
    image: 'https://x.example/a.png',
    actions: [{ label: 'Change <it>', url: '/r/change', style: 'primary' }],
  };

  it('is taken literally and safely', () => {
    const { in_app, email, sms, failures } = rendered('generic', { content, metadata: { a: 1 }, actor: { id: 't' } });
    const html = '<p>Read <a href="https://umoja.example/r" target="_blank" rel="noopener noreferrer">this</a></p>';
    expect(failures).toEqual([]);
    expect(in_app).toMatchObject({
      ...content,
      html,
      metadata: { a: 1 },
      actor: { id: 't' },
      template: { key: 'content', version: 0, locale: 'en' },
    });
    expect(email.subject).toBe('Room {{ 4 }} & you');
    expect(email.html).toContain(html);
    expect(email.html).toContain('Room {{ 4 }} &amp; you');
    expect(email.html).toContain('href="https://umoja.example/r/change"');
    expect(email.html).toContain('Change &lt;it&gt;');
    expect(email.html).not.toMatch(/<script|onclick/);
    expect(email.text).toContain('Line 1 <b>\nLine 2\n\nChange <it> <https://umoja.example/r/change>');
    expect(sms.text).toBe('Umoja School: Room {{ 4 }} & you - Line 1 <b>\nLine 2 https://umoja.example/r');
  });

  it('needs no more than a title and a message', () => {
    const { in_app, email } = rendered('generic', { content: { title: 'T', message: 'a\nb' } });
    expect(in_app).toMatchObject({ title: 'T', message: 'a\nb', html: null, link: null, image: null, actions: [] });
    expect(email.html).toContain('a<br>b');
    expect(email.html).not.toContain('Open');
  });
});

describe('what a template sees', () => {
  async function write(text: string, changes: Parameters<typeof routedTo>[1] = {}): Promise<string> {
    const source: TemplateSource = { channel: 'sms', source: { text } };
    const compiled = await compileTemplate(source, 'en', { mjml: '', words: {} });
    const key = { tenant: '', type: 't', channel: 'sms', locale: 'en', version: 1 } as const;
    const { deliveries, failures } = renderNotification(
      routedTo(['sms'], changes),
      new Map([['sms', parseTemplate({ ...key, compiled })]]),
      brand,
      now,
    );
    return failures[0]?.message ?? (deliveries[0]!.data as { text: string }).text;
  }

  it('are the data by name, and recipient, brand, notification and now', async () => {
    const text =
      '{{ invoice_number }} {{ recipient.name }} {{ recipient.id }} {{ brand.support_email }} {{ notification.type }} {{ now | date }}';
    expect(await write(text)).toBe(
      'INV-1001 Amina Otieno parent-17 help@umoja.example invoice_issued 21 November 2026',
    );
  });

  it('are not replaced by data of the same name', async () => {
    const data = JSON.parse('{"brand":{"name":"Evil"},"now":"x","__proto__":{"a":1}}');
    expect(await write('{{ brand.name }} {{ now | date }} {{ a | default: "none" }}', { data })).toBe(
      'Umoja School 21 November 2026 none',
    );
  });

  it('says so when a nested value is missing', async () => {
    expect(await write('{{ course.title }}', { data: { course: {} } })).toContain('no "course.title"');
    expect(await write('{% if true %}{{ course.room }}{% endif %}', { data: { course: {} } })).toContain(
      'no "course.room"',
    );
  });

  it.each([null, '', ' '])('must not be empty where it is written out: %j', async (name) => {
    const recipient = { id: 'p', name, locale: 'en', time_zone: 'UTC' };
    expect(await write('Hello {{ recipient.name }},', { recipient })).toBe(
      'sms (template t v1, en): there is no "recipient.name"; give it a default in the template: {{ recipient.name | default: \'…\' }}',
    );
    expect(await write('Hello {{ recipient.name | default: "you" }},', { recipient })).toBe('Hello you,');
    expect(await write('Hello {{ name }},', { data: { name } })).toContain('the event\'s data have no "name"');
  });

  it('must have what the template declares, also where it says it in a condition only', async () => {
    const source = { text: '{% if paid %}Paid{% endif %}', required: ['paid', 'course.title'] };
    const compiled = await compileTemplate({ channel: 'sms', source }, 'en', { mjml: '', words: {} });
    expect(compiled).toMatchObject({ required: ['course.title', 'paid'], optional: [] });
    expect(compiled.parts).toEqual({ text: source.text });
  });
});

describe('actions and links of an in-app template', () => {
  it('are left out when empty and refused when unsafe', async () => {
    const source: TemplateSource = {
      channel: 'in_app',
      source: {
        title: 'T',
        message: 'M',
        html: '<p>{{ note }}</p>',
        link: '/pay/{{ id }}',
        actions: [
          { label: 'Pay', url: "{{ url | default: '' }}", style: 'primary' },
          { label: 'Later', url: '/later' },
        ],
      },
    };
    const compiled = await compileTemplate(source, 'en', { mjml: '', words: {} });
    const template = parseTemplate({ tenant: '', type: 't', channel: 'in_app', locale: 'en', version: 1, compiled });
    const render = (data: Record<string, unknown>) =>
      renderNotification(routedTo(['in_app'], { data }), new Map([['in_app', template]]), brand, now);
    expect(render({ id: 7, note: '<b>' }).deliveries[0]!.data).toMatchObject({
      html: '<p>&lt;b&gt;</p>',
      link: '/pay/7',
      actions: [{ label: 'Later', url: '/later' }],
    });
    expect(render({ id: 7, note: 'n', url: '/p' }).deliveries[0]!.data).toMatchObject({
      actions: [{ label: 'Pay', url: '/p', style: 'primary' }, { label: 'Later' }],
    });
    expect(render({ id: 7, note: 'n', url: 'javascript:x' }).failures[0]!.message).toContain(
      'actions[0].url must start with https://',
    );
  });
});
