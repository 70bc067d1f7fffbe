import { describe, expect, it } from '@jest/globals';
import { holdsLocked, lockStamp, packagesFor } from './packages.mjs';

const linux = { os: 'linux', cpu: 'x64' };

describe('whether packages must be installed', () => {
  it('depends on every character of the lock, and on the platform', () => {
    expect(lockStamp('{}', 'linux-x64')).toBe(lockStamp('{}', 'linux-x64'));
    expect(lockStamp('{ }', 'linux-x64')).not.toBe(lockStamp('{}', 'linux-x64'));
    expect(lockStamp('{}', 'darwin-arm64')).not.toBe(lockStamp('{}', 'linux-x64'));
  });

  it('counts only the packages of this platform', () => {
    const packages = {
      '': { version: '1.0.0' },
      'apps/gateway': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/mac': { version: '1.0.0', os: ['darwin'] },
      'node_modules/not-windows': { version: '1.0.0', os: ['!win32'] },
      'node_modules/not-linux': { version: '1.0.0', os: ['!linux'] },
      'node_modules/arm': { version: '1.0.0', cpu: ['arm64'] },
    };
    const paths = packagesFor({ packages }, linux).map(([path]) => path);
    expect(paths).toEqual(['node_modules/a', 'node_modules/not-windows']);
  });

  it('is no when npm recorded exactly what the lock asks for', () => {
    const packages = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { link: true } };
    expect(holdsLocked({ packages }, { packages })).toBe(true);
  });

  it('is yes when a package is missing or of another version', () => {
    const lock = { packages: { 'node_modules/a': { version: '1.0.0' } } };
    expect(holdsLocked(lock, { packages: {} })).toBe(false);
    expect(holdsLocked(lock, { packages: { 'node_modules/a': { version: '1.0.1' } } })).toBe(false);
  });

  it('leaves optional packages to npm', () => {
    expect(
      holdsLocked({ packages: { 'node_modules/a': { version: '1.0.0', optional: true } } }, { packages: {} }),
    ).toBe(true);
  });
});
