import {
  createExperiment,
  emailRendered,
  inAppRendered,
  previewTemplate,
  putSample,
  saveDraft,
  publishTemplate,
  sendTemplateTest,
  smsRendered,
  type CloudEvent,
  type EmailRendered,
  type InAppRendered,
  type Preview,
  type SmsRendered,
} from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { service } from '../service.ts';

let renderer: TestService;
let emails: CloudEvent<EmailRendered>[];
let texts: CloudEvent<SmsRendered>[];
let inApps: CloudEvent<InAppRendered>[];
const tenant = 'school';

beforeAll(async () => {
  renderer = await startTestService(service, { SMS_PRICE_PER_SEGMENT: '0.8', SMS_CURRENCY: 'KES' });
  [emails, texts, inApps] = await Promise.all([
    renderer.broker.capture(emailRendered),
    renderer.broker.capture(smsRendered),
    renderer.broker.capture(inAppRendered),
  ]);
}, 60_000);
afterAll(() => renderer?.close());

type Request = RequestOf<typeof previewTemplate>;

const preview = (key: string, request: Partial<Request> = {}): Promise<Preview> =>
  renderer.messages.call(previewTemplate, { tenant, key, ...request }, { timeoutMs: 30_000 });
const draft = (key: string, source: Record<string, unknown>) =>
  renderer.messages.call(saveDraft, { tenant, key, source, by: 'test', schema: null, expected: '*' });

describe('a preview', () => {
  it('is of Carillon’s own words with its own sample where there is nothing else', async () => {
    const email = await preview('invoice_issued.email.en');
    expect(email).toMatchObject({
      key: 'invoice_issued.email.en',
      channel: 'email',
      owner: 'system',
      stage: 1,
      rendered: { email: { subject: 'Invoice INV-1001: KES 12,500.00' } },
      errors: [],
      variables: { required: ['amount', 'currency', 'due_date', 'invoice_number'], optional: ['link'], missing: [] },
      data_origin: 'system',
    });
    expect(email.rendered!.email!.html).toContain('<!doctype html>');
    expect(email.rendered!.email!.text).toContain('Hi Amina Otieno,');
    const inApp = await preview('invoice_issued.in_app.en', { recipient: { name: null, locale: 'en-US' } });
    expect(inApp.rendered!.in_app).toMatchObject({ title: 'Invoice INV-1001', actions: [] });
  });

  it('is of the draft before it is of what is published, and of any version, source and owner that is named', async () => {
    const key = 'lesson_moved.sms.en';
    await draft(key, { text: 'First {{ course.title }}' });
    await renderer.messages.call(publishTemplate, { tenant, key, by: 'test' });
    await draft(key, { text: 'Second {{ course.title }} at {{ starts_at | date: "time" }}' });
    const data = { course: { title: 'Piano' }, starts_at: '2026-11-21T09:30:00Z' };
    const recipient = { time_zone: 'Africa/Nairobi' };
    expect(await preview(key, { data, recipient })).toMatchObject({
      stage: 'draft',
      owner: 'own',
      data_origin: 'given',
      rendered: { sms: { text: expect.stringMatching(/^Second Piano at 12:30/), segments: 1 } },
    });
    expect(await preview(key, { data, version: 1 })).toMatchObject({
      stage: 1,
      rendered: {
        sms: { text: 'First Piano', alphabet: 'GSM-7', units: 11, cost: { amount: 0.8, currency: 'KES' } },
      },
    });
    const source = { text: `Pay “now” – ${'a'.repeat(100)}` };
    expect(await preview(key, { source })).toMatchObject({
      stage: 'source',
      rendered: { sms: { alphabet: 'UCS-2', segments: 2, cost: { amount: 1.6 } } },
      notes: [expect.stringContaining('“ ” –')],
    });
    expect(await preview('invoice_issued.sms.en', { owner: 'system' })).toMatchObject({ owner: 'system', stage: 1 });
    await expect(preview(key, { version: 7 })).rejects.toMatchObject({ status: 404 });
    await expect(preview(key, { owner: 'system' })).rejects.toMatchObject({ status: 404 });
    await expect(preview(key, { tenant: 'other' })).rejects.toMatchObject({ status: 404 });
    const variant = { experiment: '019aa5e5-8f00-8e00-8000-000000000001', key: 'b' };
    await expect(preview(key, { variant })).rejects.toMatchObject({ status: 404 });
  });

  it('is of a variant of an experiment, whether it has words of its own or those in use', async () => {
    const key = 'lesson_moved.sms.en';
    const { id } = await renderer.messages.call(createExperiment, {
      tenant,
      experiment: {
        name: 'Shorter',
        type: 'lesson_moved',
        channel: 'sms',
        variants: [{ key: 'control' }, { key: 'short', words: { en: { text: 'Moved: {{ course.title }}' } } }],
      },
      created_by: 'test',
    });
    const data = { course: { title: 'Piano' } };
    const of = (variant: string, more: Partial<Request> = {}) =>
      preview(key, { data, variant: { experiment: id, key: variant }, ...more });
    expect(await of('short')).toMatchObject({ stage: 'variant', rendered: { sms: { text: 'Moved: Piano' } } });
    expect(await of('control')).toMatchObject({ owner: 'own', rendered: { sms: { text: 'First Piano' } } });
    await expect(of('other')).rejects.toMatchObject({ status: 404, title: 'variant not found' });
    await expect(of('short', { tenant: 'other' })).rejects.toMatchObject({ status: 404 });
    await expect(of('short', { key: 'lesson_moved.sms.sw' })).rejects.toMatchObject({ status: 404 });
  });

  it('is filled in with the tenant’s own sample data', async () => {
    const key = 'fee_due.sms.en';
    await draft(key, { text: '{{ fee | money: currency }}' });
    expect(await preview(key)).toMatchObject({
      rendered: null,
      data_origin: 'none',
      variables: { required: ['currency', 'fee'], missing: ['currency', 'fee'] },
    });
    await renderer.messages.call(putSample, { tenant, type: 'fee_due', data: { fee: 5, currency: 'KES' } });
    expect(await preview(key)).toMatchObject({ rendered: { sms: { text: 'KES 5.00' } }, data_origin: 'tenant' });
  });

  it('of a push or a chat message shows them too, although nothing is sent there yet', async () => {
    const push = await preview('fee_due.push.en', { source: { title: 'Fee', body: '{{ fee }}' } });
    expect(push).toMatchObject({ rendered: { push: { title: 'Fee', body: '5', icon: null } } });
    const chat = await preview('fee_due.chat.en', { source: { text: 'Fee of *{{ fee }}*' } });
    expect(chat).toMatchObject({ rendered: { chat: { text: 'Fee of *5*', blocks: [] } } });
  });

  it('says everything that is wrong with the words, by field, line and column', async () => {
    const source = { subject: '{{ a | shout }}', body: '<mj-text>\n{{ b | whisper }}</mj-text>' };
    const { rendered, errors } = await preview('fee_due.email.en', { source });
    expect(rendered).toBeNull();
    expect(errors).toEqual([
      { path: 'source.subject', line: 1, column: 1, message: expect.stringContaining('shout') },
      { path: 'source.body', line: 2, column: 1, message: expect.stringContaining('whisper') },
    ]);
    const shape = await preview('fee_due.sms.en', { source: { words: 'x' } });
    expect(shape.errors.map(({ path }) => path).sort()).toEqual(['source.text', 'source.words']);
  });

  it('says everything that is wrong with the data, and never what they are', async () => {
    const source = {
      title: '{{ name }}',
      message: 'Due\n{{ due | date }}',
      link: '{{ site }}',
      html: '{% if name %}{% else %}{{ nested.name }}{% endif %}',
    };
    const data = { due: 'secret-1', site: 'javascript:secret-2', name: '' };
    const wrong = await preview('fee_due.in_app.en', { source, data });
    expect(wrong.variables.missing).toEqual(['name', 'nested']);
    expect(wrong.errors.map(({ path, line, column }) => [path, line, column])).toEqual([
      ['data.name', undefined, undefined],
      ['data.nested', undefined, undefined],
      ['source.message', 2, 1],
    ]);
    const unsafe = await preview('fee_due.in_app.en', { source, data: { ...data, name: 'x', due: '2026-12-01' } });
    expect(unsafe.errors).toEqual([{ path: 'source.link', message: expect.stringContaining('must start with') }]);
    expect(JSON.stringify([wrong, unsafe])).not.toContain('secret');
    const nameless = await preview('fee_due.sms.en', {
      source: { text: 'Hello {{ recipient.name }},' },
      recipient: { name: null },
    });
    expect(nameless.errors).toMatchObject([{ path: 'data.recipient.name' }]);
  });

  it('of a hostile draft ends, and hurts nobody', async () => {
    const text =
      '{% for a in (1..1000) %}{% for b in (1..1000) %}{% for c in (1..1000) %}{{ c }}{% endfor %}{% endfor %}{% endfor %}';
    const [hostile, other] = await Promise.all([
      preview('fee_due.sms.en', { source: { text } }),
      preview('invoice_issued.sms.en', { tenant: 'other' }),
    ]);
    expect(hostile.rendered).toBeNull();
    expect(hostile.errors).toHaveLength(1);
    expect(other.rendered).toHaveProperty('sms');
  });
});

describe('a test', () => {
  const recipient = { id: 'amina', name: 'Amina', locale: 'en', time_zone: 'Africa/Nairobi' };
  const send = (key: string, address: string, more: Partial<Request> = {}) =>
    renderer.messages.call(sendTemplateTest, { tenant, key, to: { recipient, address }, ...more });

  it('goes the way of every delivery, marked so that nobody takes it for real', async () => {
    const email = await send('invoice_issued.email.en', 'amina@example.org');
    const sms = await send('fee_due.sms.en', '+254711000111', { source: { text: '{{ fee }}' }, data: { fee: 7 } });
    const inApp = await send('invoice_issued.in_app.en', 'amina');
    await until('all are on their way', () => emails.length + texts.length + inApps.length === 3);
    expect(emails[0]).toMatchObject({
      tenant,
      id: email.delivery_id,
      data: {
        ...email,
        recipient: 'amina',
        type: 'test_message',
        category: 'system',
        lane: 'urgent',
        template: { key: 'invoice_issued', version: 1, locale: 'en' },
        to: { address: 'amina@example.org', name: 'Amina' },
        subject: '[Test] Invoice INV-1001: KES 12,500.00',
      },
    });
    expect(texts[0]!.data).toMatchObject({
      ...sms,
      type: 'test_message',
      template: { key: 'fee_due', version: 0 },
      to: '+254711000111',
      text: 'Test: 7',
    });
    expect(inApps[0]!.data).toMatchObject({
      ...inApp,
      title: '[Test] Invoice INV-1001',
      metadata: { test: true, template: 'invoice_issued' },
    });
  });

  it('is not sent when something is wrong with it', async () => {
    const before = texts.length;
    await expect(send('fee_due.sms.en', '+254711000111', { data: { fee: 'secret' } })).rejects.toMatchObject({
      status: 422,
      code: 'cannot_render',
      errors: expect.arrayContaining([expect.objectContaining({ path: 'data.currency' })]),
    });
    await expect(send('fee_due.push.en', 'device', { source: { title: 'Fee', body: 'B' } })).rejects.toMatchObject({
      code: 'channel_unavailable',
    });
    expect(texts).toHaveLength(before);
  });
});
