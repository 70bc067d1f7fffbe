import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { ForbiddenTarget, hostOf, type OutboundGuard } from './outbound-guard.ts';

export interface OutboundRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly signal: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** No answer came. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    /** Of the system or of TLS: `ECONNREFUSED`; `ABORTED` when the time was over. */
    readonly code: string,
    /** Whether the other side may have been given any of the request. */
    readonly written: boolean,
  ) {
    super(code);
  }
}

/** More than any API answers to a message; what is longer is cut off, not kept in memory. */
const longestAnswer = 1024 * 1024;

// Connections are kept for the next request. Two pools: what is connected without a guard is never used with one.
const agents = {
  guarded: { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) },
  open: { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) },
};

/**
 * One HTTP request that follows no redirect and reads a bounded answer.
 * @param guard for URLs that tenants supply; undefined only for those of the operator
 * @throws ForbiddenTarget, NoAnswer
 */
export async function outboundRequest(
  url: URL,
  { method, headers, body, signal }: OutboundRequest,
  guard: OutboundGuard | undefined,
): Promise<OutboundAnswer> {
  const protocol = url.protocol as 'http:' | 'https:';
  if (guard) {
    guard.checkUrl(url.href);
    if (protocol === 'http:' && !guard.allowsPlain(await resolved(guard, url)))
      throw new ForbiddenTarget('must begin with https://');
  }
  const send = protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }) },
    agent: agents[guard ? 'guarded' : 'open'][protocol],
    ...(guard && { lookup: guard.lookup }),
    signal,
  });
  // Until there is a connection (with https: one that both sides trust) nothing leaves.
  let connected = false;
  request.on('socket', (socket) => {
    connected = !socket.connecting && request.reusedSocket;
    socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => (connected = true));
  });
  const noAnswer = (error: NodeJS.ErrnoException): NoAnswer =>
    new NoAnswer(error.name === 'AbortError' ? 'ABORTED' : (error.code ?? 'unknown error'), connected);
  return new Promise((resolve, reject) => {
    request.on('error', (error) => reject(error instanceof ForbiddenTarget ? error : noAnswer(error)));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const answer = (): void =>
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length < longestAnswer) return;
        answer();
        response.destroy();
      });
      response.on('end', answer).on('error', (error) => reject(noAnswer(error)));
    });
    request.end(body);
  });
}

async function resolved(guard: OutboundGuard, url: URL) {
  try {
    return await guard.resolve(hostOf(url));
  } catch (error) {
    if (error instanceof ForbiddenTarget) throw error;
    throw new NoAnswer((error as NodeJS.ErrnoException).code ?? 'ENOTFOUND', false);
  }
}
