import type { AddressInfo, Server } from 'node:net';

/** The port is taken; the message names it and the variable that changes it. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';

  constructor(host: string, port: number, variable: string) {
    super(`Port ${port} on ${host} is in use. Stop the program that uses it, or set ${variable} to another port.`);
  }
}

/** Where a server listens. */
export interface ListenAddress {
  host: string;
  /** 0 takes any free port */
  port: number;
  /** The environment variable that changes the port */
  variable: string;
}

/** Turns a failed start into one that names the port, when the port is what failed. */
export function listenError(error: unknown, { host, port, variable }: ListenAddress): unknown {
  const taken = (error as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE';
  return taken ? new PortInUseError(host, port, variable) : error;
}

/**
 * Starts a server.
 * @returns the port that was taken
 * @throws PortInUseError
 */
export function listen(server: Server, address: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(listenError(error, address));
    server.once('error', failed);
    server.listen(address.port, address.host, () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
