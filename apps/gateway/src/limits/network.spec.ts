import { describe, expect, it } from '@jest/globals';
import { clientAddress, networkOf } from './network.ts';

describe('addresses that are counted', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::5:6:7:8:9', '2001:db8:0:5::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['no address', 'no address'],
  ])('%s is one of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it('are those that trusted proxies tell, and nobody else', () => {
    const isProxy = (address: string) => address.startsWith('10.');
    expect(clientAddress('10.0.0.1', '198.51.100.1, 203.0.113.7, 10.0.0.2', isProxy)).toBe('203.0.113.7');
    expect(clientAddress('10.0.0.1', '10.0.0.3,10.0.0.2', isProxy)).toBe('10.0.0.3');
    expect(clientAddress('10.0.0.1', undefined, isProxy)).toBe('10.0.0.1');
    expect(clientAddress('203.0.113.9', '198.51.100.1', isProxy)).toBe('203.0.113.9');
    expect(clientAddress('10.0.0.1', '198.51.100.1')).toBe('10.0.0.1');
  });
});
