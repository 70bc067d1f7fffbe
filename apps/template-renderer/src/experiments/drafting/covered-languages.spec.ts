import { describe, expect, it } from '@jest/globals';
import { coveredLanguages, type InUse } from './covered-languages.ts';

const inUse = (name: string): InUse => {
  const [tenant, locale] = name.split(' ') as [string, string];
  const owner = tenant === 'carillon' ? '' : tenant;
  return { tenant: owner, type: 'lesson', channel: 'sms', locale, version: 1, source: {}, required: [] };
};
const covered = (defaultLocale: string, ...all: string[]) =>
  [...coveredLanguages('school', defaultLocale, all.map(inUse))].map(
    ([locale, { tenant }]) => `${tenant || 'carillon'} ${locale}`,
  );

describe('the languages of a template', () => {
  it.each([
    ['the tenant’s own', ['school en', 'school sw'], ['school en', 'school sw']],
    ['Carillon’s where there are no others', ['carillon en', 'carillon sw'], ['carillon en', 'carillon sw']],
    ['the tenant’s own before Carillon’s', ['carillon en', 'school en'], ['school en']],
    ['Carillon’s for whoever the tenant has no words for', ['carillon en', 'school sw'], ['carillon en', 'school sw']],
    ['none that stand behind the tenant’s English for everyone', ['carillon sw', 'school en'], ['school en']],
  ])('are %s', (_, all, expected) => {
    expect(covered('en', ...all)).toEqual(expected);
  });

  it('are those that the tenant’s default language leaves to be read', () => {
    expect(covered('sw', 'carillon en', 'school sw')).toEqual(['school sw']);
  });
});
