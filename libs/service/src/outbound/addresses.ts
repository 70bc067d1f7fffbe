/** Which addresses are somebody else's on the public Internet, and which lead inside. */
import { BlockList, isIP, isIPv4 } from 'node:net';

/** IANA's special-purpose registry (RFC 6890 and later): what is not globally reachable, multicast and reserved. */
const insideV4 = ranges('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Link-local, and with 169.254.169.254 the metadata services of the clouds.
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** All that is global unicast so far. Outside it are loopback, unique local, link-local, IPv4-mapped, NAT64 and multicast. */
const globalV6 = ranges('ipv6', ['2000::/3']);
/** Inside it, but leading elsewhere: protocol assignments with Teredo, documentation, 6to4. */
const insideV6 = ranges('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function ranges(family: 'ipv4' | 'ipv6', cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network, bits] = cidr.split('/');
    list.addSubnet(network!, Number(bits), family);
  }
  return list;
}

/** Whether an address is on the public Internet. What is not surely so is not. */
export function isPublic(address: string): boolean {
  if (isIPv4(address)) return !insideV4.check(address, 'ipv4');
  // An address with a zone (fe80::1%eth0) is of this machine's own links.
  if (isIP(address) !== 6 || address.includes('%')) return false;
  return globalV6.check(address, 'ipv6') && !insideV6.check(address, 'ipv6');
}

/** Addresses that are allowed although they are not public. */
export type PrivateAddresses = (address: string) => boolean;

/**
 * Reads `10.1.0.0/16,127.0.0.1,fd00::/8`, or `*` for all addresses.
 * @returns undefined when it is neither
 */
export function parsePrivateAddresses(text: string): PrivateAddresses | undefined {
  if (text.trim() === '*') return () => true;
  const list = new BlockList();
  for (const part of text.split(',').map((each) => each.trim())) {
    const [network = '', bits, ...rest] = part.split('/');
    const version = isIP(network);
    const most = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    if (version === 0 || network.includes('%') || rest.length > 0 || !(prefix <= most)) return undefined;
    list.addSubnet(network, prefix, version === 4 ? 'ipv4' : 'ipv6');
  }
  return (address) => !address.includes('%') && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
