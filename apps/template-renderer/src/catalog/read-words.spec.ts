import { describe, expect, it } from '@jest/globals';
import { readWords } from './read-words.ts';

const sms = { text: 'Lesson at {{ time }}' };
const errorsOf = (templates: Record<string, unknown>) =>
  readWords(templates).errors.map(({ path, message }) => `${path} ${message}`);

describe('reading the words of a catalog', () => {
  it('takes them by type, language and channel, with the language in its canonical form', () => {
    const email = { subject: 'S', body: '<mj-text>B</mj-text>' };
    const { words, errors } = readWords({ lesson_moved: { en: { sms, email }, sw_ke: { sms } }, ticket: {} });
    expect(errors).toEqual([]);
    expect(words).toEqual([
      {
        type: 'lesson_moved',
        locale: 'en',
        template: { channel: 'sms', source: sms },
        path: 'types.lesson_moved.templates.en.sms',
      },
      {
        type: 'lesson_moved',
        locale: 'en',
        template: { channel: 'email', source: { ...email, greeting: true } },
        path: 'types.lesson_moved.templates.en.email',
      },
      {
        type: 'lesson_moved',
        locale: 'sw-KE',
        template: { channel: 'sms', source: sms },
        path: 'types.lesson_moved.templates.sw_ke.sms',
      },
    ]);
  });

  it.each(['luo', 'kam', 'zh-Hant-TW', 'pt-br', 'en_KE'])('knows the language %s', (language) => {
    expect(errorsOf({ t: { [language]: { sms } } })).toEqual([]);
  });

  it.each(['english', 'xx', 'e', 'en-', '', '__proto__', 'x-foo'])('knows no language %j', (language) => {
    const templates = JSON.parse(`{"t":{${JSON.stringify(language)}:{"sms":{"text":"x"}}}}`);
    expect(errorsOf(templates)).toEqual([
      expect.stringContaining(`"${language}" is not a language; use a tag such as en, sw or pt-BR`),
    ]);
    expect(readWords(templates).words).toEqual([]);
  });

  it('names everything that is wrong at once, each by its place in the document, and keeps what is right', () => {
    const templates = {
      a: 'words',
      b: { en: ['sms'], 'en-ke': { sms }, en_KE: { sms } },
      c: {
        en: {
          fax: { text: 'x' },
          toString: {},
          sms: { text: ' ', colour: 'red' },
          in_app: { title: 'T', actions: [{ label: 'Go' }] },
          email: 'words',
        },
      },
      d: { en: { sms } },
    };
    expect(errorsOf(templates)).toEqual([
      'types.a.templates must be an object of languages, such as en or sw',
      'types.b.templates.en must be an object of channels: in_app, email, sms, push, chat',
      'types.b.templates.en_KE is the same language as "en-ke"; keep one of them',
      'types.c.templates.en.fax has no templates; use in_app, email, sms, push, chat',
      'types.c.templates.en.toString has no templates; use in_app, email, sms, push, chat',
      'types.c.templates.en.sms.text must not be empty',
      'types.c.templates.en.sms.colour is not a known field; remove it',
      expect.stringContaining('types.c.templates.en.in_app.message '),
      expect.stringContaining('types.c.templates.en.in_app.actions[0].url '),
      expect.stringContaining('types.c.templates.en.email '),
    ]);
    expect(readWords(templates).words.map(({ path }) => path)).toContain('types.d.templates.en.sms');
  });

  it('refuses a text that nobody would write', () => {
    expect(errorsOf({ t: { en: { sms: { text: 'x'.repeat(50_001) } } } })).toEqual([
      'types.t.templates.en.sms.text must have at most 50000 characters',
    ]);
    for (const text of ['a\0', 'a\uD800'])
      expect(errorsOf({ t: { en: { sms: { text } } } })).toEqual([
        'types.t.templates.en.sms.text must not contain NUL or broken characters',
      ]);
  });
});
