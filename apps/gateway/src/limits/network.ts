import { isIPv6 } from 'node:net';

/**
 * Whose address it is, as far as that can be told: of IPv6 the network of 64 bits, which one customer has for himself (RFC 6177),
 * of IPv4 the address.
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const bare = address.replace(/%.*$/, '');
  if (!isIPv6(bare)) return address;
  const [front, back] = bare.split('::').map((part) => (part === '' ? [] : part.split(':')));
  // An IPv4 address at the end stands for two groups, but never within the first four.
  const zeros = back ? Array<string>(Math.max(0, 8 - front!.length - back.length)).fill('0') : [];
  const groups = [...front!, ...zeros, ...(back ?? [])].slice(0, 4);
  return `${groups.map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/**
 * The client's address as Fastify tells it for requests, for what is none (the handshake of a WebSocket): what trusted proxies say of
 * those before them.
 *
 * @param forwarded the header X-Forwarded-For
 */
export function clientAddress(
  remote: string,
  forwarded: string | undefined,
  isTrusted: (address: string) => boolean = () => false,
): string {
  const hops = (forwarded ?? '')
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '');
  let address = remote;
  while (hops.length > 0 && isTrusted(address)) address = hops.pop()!;
  return address;
}
