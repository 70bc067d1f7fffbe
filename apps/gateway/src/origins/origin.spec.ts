import { describe, expect, it } from '@jest/globals';
import { areOrigins, isOwnPage, originsSchema } from './origin.ts';

describe('an origin', () => {
  it.each([
    ['https://app.example.com'],
    ['https://app.example.com:8443'],
    ['https://xn--bcher-kva.example'],
    ['https://10.1.2.3'],
    ['http://localhost'],
    ['http://localhost:5173'],
    ['http://127.0.0.1:5173'],
    ['http://[::1]:5173'],
  ])('%s can be allowed', (origin) => expect(originsSchema.safeParse([origin]).success).toBe(true));

  it.each([
    ['*', 'name each one'],
    ['https://*.example.com', 'name each one'],
    ['null', 'cannot be allowed'],
    ['', 'such as https://app.example.com'],
    ['app.example.com', 'such as https://app.example.com'],
    ['app.example.com:8443', 'must begin with https://'],
    ['http://app.example.com', 'must begin with https://'],
    ['http://localhost.example.com', 'must begin with https://'],
    ['file:///app/index.html', 'must begin with https://'],
    ['blob:https://app.example.com/x', 'must begin with https://'],
    ['https://app.example.com/', 'as browsers send it: https://app.example.com'],
    ['https://app.example.com/app?x#y', 'as browsers send it: https://app.example.com'],
    ['https://App.Example.com', 'as browsers send it: https://app.example.com'],
    ['https://app.example.com:443', 'as browsers send it: https://app.example.com'],
    ['http://localhost:80', 'as browsers send it: http://localhost'],
    ['https://amina@app.example.com', 'as browsers send it: https://app.example.com'],
    ['https://bücher.example', 'as browsers send it: https://xn--bcher-kva.example'],
    [' https://app.example.com', 'as browsers send it: https://app.example.com'],
    [`https://${'x'.repeat(300)}`, 'at most 300'],
  ])('%s cannot, and the answer says why', (origin, message) => {
    const { error } = originsSchema.safeParse(['https://fine.example.com', origin]);
    expect(error!.issues).toEqual([expect.objectContaining({ path: [1], message: expect.stringContaining(message) })]);
  });

  it('is named once, and there are not too many', () => {
    const list = ['https://a.example', 'https://b.example', 'https://a.example', 'https://a.example'];
    expect(originsSchema.safeParse(list).error!.issues.map(({ path, message }) => [path, message])).toEqual([
      [[2], 'is the same as origins[0]; leave it out'],
      [[3], 'is the same as origins[0]; leave it out'],
    ]);
    const many = (count: number) => Array.from({ length: count }, (_, n) => `https://${n + 1}.example`);
    expect(originsSchema.safeParse(many(50)).success).toBe(true);
    expect(originsSchema.safeParse(many(51)).error!.issues[0]!.message).toBe('must be at most 50 origins');
  });

  it.each([
    [undefined, 'carillon.example.org', undefined, false],
    ['https://carillon.example.org', 'carillon.example.org', undefined, true],
    ['http://localhost:3000', 'localhost:3000', undefined, true],
    ['http://localhost:5173', 'localhost:3000', undefined, false],
    ['https://carillon.example.org.evil.org', 'carillon.example.org', undefined, false],
    ['null', 'carillon.example.org', undefined, false],
    ['', 'carillon.example.org', undefined, false],
    ['https://carillon.example.org', undefined, undefined, false],
    ['https://carillon.example.org', 'gateway:3000', 'https://carillon.example.org/', true],
    ['http://carillon.example.org', 'gateway:3000', 'https://carillon.example.org/', false],
  ])('%s at the host %s with the public URL %s is our own: %s', (origin, host, publicUrl, expected) =>
    expect(isOwnPage({ origin, host }, publicUrl)).toBe(expected),
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
