import { describe, expect, it } from '@jest/globals';
import { Problem, type Preferences, type ProblemDetails } from '@carillon/contracts';
import { Catalog } from '../catalog/catalog.ts';
import { checkPreferences } from './check-preferences.ts';
import { changePreferences, patchPreferences, replacePreferences } from './choosing.ts';

const surroundings = { catalog: new Catalog(), now: Date.parse('2026-11-21T10:00:00Z') };

/** What is wrong, as `status path: message` and sorted by path. */
function refused(choose: () => unknown): string[] {
  try {
    choose();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { status, code, errors = [] }: ProblemDetails = error;
    expect(code).toBe(status === 400 ? 'invalid_body' : 'invalid_preferences');
    return errors.map(({ path, message }) => `${status} ${path}: ${message}`).sort();
  }
  return [];
}

const replace = (input: object, before: Preferences = {}) => replacePreferences(before, input as never, surroundings);
const patch = (input: object, before: Preferences = {}) => patchPreferences(before, input as never, surroundings);
const change = (changes: unknown, before: Preferences = {}) => changePreferences(before, { changes }, surroundings);

const wrongNames = {
  categories: { bills: { email: true } },
  types: { invoice: { sms: true }, welcome: { muted_until: '2026-11-21T10:00:00Z' } },
  quiet_hours: { start: '22:00', end: '07:00', time_zone: 'Mars/Olympus' },
};
const namesErrors = (status: number) => [
  expect.stringMatching(
    new RegExp(`^${status} categories.bills: is not a category; use one of account, activity, billing`),
  ),
  `${status} quiet_hours.time_zone: "Mars/Olympus" is not an IANA time zone such as Africa/Nairobi`,
  `${status} types.invoice: is not a notification type of the catalog`,
  `${status} types.welcome.muted_until: has passed; give a time to come, or null to take the mute back`,
];

describe.each([
  ['replacing', replace],
  ['patching', patch],
])('%s preferences', (_, choose) => {
  it('refuses names that do not exist and a mute in the past, all at once', () => {
    expect(refused(() => choose(wrongNames))).toEqual(namesErrors(422));
  });

  it('names what has the wrong shape together with them', () => {
    const errors = refused(() =>
      choose({
        ...wrongNames,
        channels: { fax: true, email: 'yes' },
        digest: { hour: 24 },
        frequency: 'often',
        colour: 'red',
      }),
    );
    expect(errors).toEqual([
      namesErrors(400)[0],
      '400 channels.email: must be true or false',
      '400 channels.fax: is not a channel; use one of in_app, email, sms, push, chat',
      '400 colour: is not a known field; remove it',
      '400 digest.hour: must be an hour from 0 to 23',
      '400 frequency: must be one of immediate, hourly, daily, weekly, never',
      ...namesErrors(400).slice(1),
    ]);
  });

  it('refuses quiet hours without an end, and those that begin when they end', () => {
    expect(refused(() => choose({ quiet_hours: { start: '22:00' } }))).toEqual([
      '400 quiet_hours.end: must be a local time such as 22:00',
    ]);
    expect(refused(() => choose({ quiet_hours: { start: '22:00', end: '22:00' } }))).toEqual([
      expect.stringContaining('400 quiet_hours.end: must differ from start'),
    ]);
  });

  it('knows only names of its own: not those that every object has', () => {
    expect(
      refused(() => choose({ types: { constructor: { email: true } }, categories: { toString: {} } })),
    ).toHaveLength(2);
  });

  it('does not question what stands there already', () => {
    const before: Preferences = {
      categories: { gone: { email: false } },
      types: { gone_too: { sms: false }, welcome: { muted_until: '2026-01-01T00:00:00Z' } },
    };
    expect(choose({ ...before, frequency: 'daily' }, before)).toEqual({ ...before, frequency: 'daily' });
  });
});

describe('patching preferences', () => {
  it('looks at what the patch makes of them', () => {
    const before: Preferences = { quiet_hours: { start: '22:00', end: '07:00' } };
    expect(patch({ quiet_hours: { end: '06:00' } }, before)).toEqual({ quiet_hours: { start: '22:00', end: '06:00' } });
    expect(refused(() => patch({ quiet_hours: { end: '22:00' } }, before))).toEqual([
      expect.stringContaining('400 quiet_hours.end: must differ from start'),
    ]);
  });

  it('takes back what does not exist any more, but knows no fields that never did', () => {
    expect(patch({ types: { gone: null }, categories: { gone: null } }, { types: { gone: {} } })).toEqual({
      types: {},
      categories: {},
    });
    expect(refused(() => patch({ colour: null, channels: { fax: null } }))).toEqual([
      '400 channels.fax: is not a channel; use one of in_app, email, sms, push, chat',
      '400 colour: is not a known field; remove it',
    ]);
  });
});

describe('replacing preferences', () => {
  it('takes nothing of the former over, and no null but for quiet hours', () => {
    const before: Preferences = { channels: { sms: false }, frequency: 'daily' };
    expect(replace({ quiet_hours: null }, before)).toEqual({ quiet_hours: null });
    expect(refused(() => replace({ frequency: null }))).toHaveLength(1);
  });
});

describe('many changes', () => {
  it('are applied in order', () => {
    const before: Preferences = { types: { welcome: { email: true, frequency: 'daily' } }, frequency: 'weekly' };
    const after = change(
      [
        { channel: 'sms', enabled: true },
        { category: 'billing', channel: 'sms', enabled: false },
        { channel: 'sms', enabled: false },
        { type: 'welcome', frequency: null },
        { type: 'welcome', channel: 'email', enabled: null },
        { type: 'invoice_issued', muted_until: '2026-12-01T00:00:00Z' },
        { type: 'invoice_issued', frequency: 'never' },
        { category: 'billing', frequency: 'weekly' },
        { frequency: 'hourly' },
      ],
      before,
    );
    expect(after).toEqual({
      channels: { sms: false },
      categories: { billing: { sms: false, frequency: 'weekly' } },
      types: { welcome: {}, invoice_issued: { muted_until: '2026-12-01T00:00:00Z', frequency: 'never' } },
      frequency: 'hourly',
    });
    expect(before.types).toEqual({ welcome: { email: true, frequency: 'daily' } });
  });

  it('name each wrong row, with everything that is wrong with it', () => {
    expect(
      refused(() =>
        change([
          { channel: 'sms', enabled: true },
          { type: 'invoice', category: 'bills', channel: 'email', enabled: true },
          { type: 'welcome', muted_until: '2020-01-01T00:00:00Z' },
          { channel: 'fax', enabled: true },
          { enabled: true },
          { type: 'welcome' },
          { muted_until: '2026-12-01T00:00:00Z' },
          { category: 'billing', muted_until: '2026-12-01T00:00:00Z' },
          'off',
        ]),
      ),
    ).toEqual([
      expect.stringContaining('400 changes[1].category: '),
      '400 changes[1].type: is not a notification type of the catalog',
      '400 changes[2].muted_until: has passed; give a time to come, or null to take the mute back',
      expect.stringContaining('400 changes[3].channel: '),
      '400 changes[4].channel: name the channel that is switched',
      '400 changes[5].enabled: give exactly one of enabled, frequency and muted_until',
      '400 changes[6].type: name the type that is muted',
      '400 changes[7].category: goes with enabled or frequency',
      '400 changes[7].type: name the type that is muted',
      expect.stringContaining('400 changes[8]: '),
    ]);
    expect(refused(() => change([{ type: 'invoice', frequency: 'daily' }]))).toEqual([
      '422 changes[0].type: is not a notification type of the catalog',
    ]);
    expect(refused(() => change([]))).toEqual(['400 changes: give at least one change']);
    expect(refused(() => change('all'))).toHaveLength(1);
  });
});

describe('a tenant’s default preferences', () => {
  it('are refused when they name a category, type or zone that does not exist', () => {
    const check = (input: Preferences) => () => checkPreferences(input, new Catalog());
    expect(check({ categories: { billing: {} }, types: { welcome: {} } })).not.toThrow();
    expect(check({ categories: { bills: {} } })).toThrow('categories.bills: is not a category; use one of account');
    expect(check({ types: { __proto__x: {} } })).toThrow('types.__proto__x: is not a notification type');
    expect(check({ quiet_hours: { start: '22:00', end: '07:00', time_zone: '+03:00' } })).toThrow('time_zone');
  });
});
