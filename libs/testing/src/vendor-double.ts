import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the double does with a request once it has read it. */
export type Answer =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  /** Takes the request and cuts the connection. */
  | { readonly fault: 'reset' }
  /** Takes the request and never answers. */
  | { readonly fault: 'silence' };

/** An HTTP server in a vendor's place: keeps exactly what it was sent and answers as the test says. */
export class VendorDouble {
  readonly received: ReceivedRequest[] = [];
  answer: Answer = { status: 500 };

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<VendorDouble> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const double = new VendorDouble(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        double.received.push({ method, path: url, headers, body });
        double.respond(response);
      });
    });
    return double;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private respond(response: ServerResponse): void {
    if ('fault' in this.answer) {
      if (this.answer.fault === 'reset') response.socket?.resetAndDestroy();
      return;
    }
    const { status, body = '', headers = {} } = this.answer;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response
      .writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json', ...headers })
      .end(text);
  }
}
