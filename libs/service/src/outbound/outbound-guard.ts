import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { z } from 'zod';
import { isPublic, parsePrivateAddresses, type PrivateAddresses } from './addresses.ts';

/** The setting of every service that goes where its tenants say; give its value to {@link OutboundGuard}. */
export const outboundConfig = z.object({
  ALLOW_PRIVATE_URLS: z
    .string()
    .transform((text, context): PrivateAddresses => {
      const parsed = parsePrivateAddresses(text);
      if (parsed) return parsed;
      context.addIssue({ code: 'custom', message: 'must be addresses such as 10.1.0.0/16,127.0.0.1, or *' });
      return z.NEVER;
    })
    .optional()
    .describe(
      'Private addresses that URLs of tenants (custom providers, SMTP servers, webhooks) may lead to, such as 10.1.0.0/16,127.0.0.1; `*` allows all, for development. Unset: none',
    ),
});

/** Where somebody wants us to go is not allowed. Its message may be shown to them: it tells nothing about the inside. */
export class ForbiddenTarget extends Error {
  override readonly name = 'ForbiddenTarget';
  readonly code = 'EFORBIDDEN';
}

const resolveAll = promisify(resolveName);

/**
 * Keeps connections that tenants ask for (providers, webhooks, key sets) off the inside: a name is resolved once, by the very
 * lookup of the connection, and when any of its addresses is private, loopback, link-local or otherwise special, nothing is
 * connected. There is no second resolution that could answer differently.
 */
export class OutboundGuard {
  /** @param allowed private addresses that may be reached all the same */
  constructor(private readonly allowed: PrivateAddresses = () => false) {}

  /**
   * Refuses a URL that cannot be meant: anything but https (http only to private addresses that are allowed), credentials in it,
   * a forbidden address written out. Names are checked when they are resolved.
   * @throws ForbiddenTarget saying what to write instead
   */
  checkUrl(text: string): URL {
    const url = URL.parse(text);
    if (!url || !['https:', 'http:'].includes(url.protocol) || url.hostname === '')
      throw new ForbiddenTarget('must be a URL such as https://api.example.org/messages');
    if (url.username || url.password) throw new ForbiddenTarget('must not contain a user or password; use a header');
    const host = hostOf(url);
    if (isIP(host)) this.check([{ address: host, family: isIP(host) }]);
    return url;
  }

  /**
   * The addresses of a host.
   * @throws ForbiddenTarget when one of them is not allowed; the resolver's error when there are none
   */
  async resolve(host: string): Promise<LookupAddress[]> {
    const version = isIP(host);
    const addresses = version ? [{ address: host, family: version }] : await resolveAll(host, { all: true });
    this.check(addresses);
    return addresses;
  }

  /** Whether plain http may be used: only where all addresses are private ones that are allowed. */
  allowsPlain(addresses: readonly LookupAddress[]): boolean {
    return addresses.every(({ address }) => !isPublic(address) && this.allowed(address));
  }

  /** In the place of `dns.lookup` in sockets and requests. It is not asked for addresses written out: check those before. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.resolve(host).then(
      (addresses) => {
        const wanted = addresses.filter(({ family }) => !options.family || options.family === family);
        const [first] = wanted;
        if (!first) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
        else if (options.all) callback(null, wanted);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };

  /** A connected socket to where a tenant wants it. @throws ForbiddenTarget; the system's error */
  async connect(host: string, port: number, timeoutMs: number): Promise<Socket> {
    if (isIP(host)) await this.resolve(host);
    const socket = connect({ host, port, lookup: this.lookup, timeout: timeoutMs });
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        socket.destroy();
        reject(error);
      };
      socket.once('error', fail);
      socket.once('timeout', () => fail(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })));
      socket.once('connect', () => {
        socket.setTimeout(0).removeListener('error', fail);
        resolve(socket);
      });
    });
  }

  private check(addresses: readonly LookupAddress[]): void {
    // One is enough to refuse: which of them is used is the system's choice.
    if (addresses.some(({ address }) => !isPublic(address) && !this.allowed(address)))
      throw new ForbiddenTarget('must lead to a public address (ALLOW_PRIVATE_URLS names exceptions)');
  }
}

/** The host as sockets want it: without the brackets of IPv6. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
