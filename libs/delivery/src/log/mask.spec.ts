import { describe, expect, it } from '@jest/globals';
import { mask } from './mask.ts';

describe('A masked address', () => {
  it.each([
    ['amina@example.org', 'a•••@example.org'],
    ['+254711000111', '+254•••111'],
    ['@odd', '•••'],
    ['short', '•••'],
  ])('shows %s as %s', (address, masked) => expect(mask(address)).toBe(masked));
});
