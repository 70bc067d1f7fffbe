import { expect, it } from '@jest/globals';
import { hrefTo, parseHash } from './routes.js';

it('an address leads to where it was made for', () => {
  const href = hrefTo(['deliveries', 'email'], { status: 'failed', recipient: 'a/b &c?=#', cursor: null, type: '' });
  expect(parseHash(href)).toEqual({
    path: ['deliveries', 'email'],
    query: { status: 'failed', recipient: 'a/b &c?=#' },
  });
  expect(parseHash(hrefTo(['trace', 'x/y?z']))).toEqual({ path: ['trace', 'x/y?z'], query: {} });
});

it('an address that someone typed never breaks the console', () => {
  expect(parseHash('')).toEqual({ path: [], query: {} });
  expect(parseHash('#/trace/%')).toEqual({ path: ['trace', '%'], query: {} });
  expect(parseHash('#deliveries//sms')).toEqual({ path: ['deliveries', 'sms'], query: {} });
});
