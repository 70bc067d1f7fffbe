import { describe, expect, it } from '@jest/globals';
import { areOrigins, mayConnect } from './origins.ts';

describe('an origin', () => {
  it.each([
    [undefined, 'carillon.example.org', undefined, true],
    ['https://carillon.example.org', 'carillon.example.org', undefined, true],
    ['http://localhost:3000', 'localhost:3000', undefined, true],
    ['http://localhost:5173', 'localhost:3000', undefined, false],
    ['https://carillon.example.org.evil.org', 'carillon.example.org', undefined, false],
    ['null', 'carillon.example.org', undefined, false],
    ['', 'carillon.example.org', undefined, false],
    ['https://carillon.example.org', undefined, undefined, false],
    ['https://app.example.org', 'x', 'https://www.example.org, https://app.example.org', true],
    ['https://app.example.org', 'app.example.org', 'https://www.example.org', false],
    ['http://app.example.org', 'x', 'https://app.example.org', false],
    ['https://anything.org', 'x', '*', true],
    [undefined, 'x', 'https://app.example.org', true],
  ])('%s at the host %s with the setting %s: %s', (origin, host, allowed, expected) =>
    expect(mayConnect(origin, host, allowed)).toBe(expected),
  );

  it.each([
    ['*', true],
    ['https://app.example.org', true],
    ['capacitor://localhost', true],
    ['https://app.example.org:8443 , http://localhost:5173', true],
    ['app.example.org', false],
    ['https://app.example.org/', false],
    ['https://app.example.org,', false],
    ['https://*.example.org', false],
  ])('the setting "%s" is one: %s', (text, expected) => expect(areOrigins(text)).toBe(expected));
});
