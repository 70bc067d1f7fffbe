import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CONFIG } from '@carillon/service';
import type { GatewayConfig } from '../config.ts';

/** No client needs more header fields than that. */
const mostHeaders = 100;

/**
 * Drops clients that hold a connection without saying or taking anything on it, so that they cannot use up all of them. Node
 * looks for them once a second (`connectionsCheckingInterval` of libs/service).
 */
export function dropSlowClients(app: NestFastifyApplication): void {
  const { HEADERS_TIMEOUT_MS, BODY_TIMEOUT_MS, REQUEST_TIME_LIMIT_MS, MAX_CONNECTIONS } =
    app.get<GatewayConfig>(CONFIG);
  const server = app.getHttpServer();
  server.headersTimeout = Math.min(HEADERS_TIMEOUT_MS, BODY_TIMEOUT_MS);
  server.requestTimeout = BODY_TIMEOUT_MS;
  server.maxHeadersCount = mostHeaders;
  server.maxConnections = MAX_CONNECTIONS;
  // Without a byte in either direction: longer than the longest request may take to be answered.
  server.setTimeout(Math.max(120_000, 2 * REQUEST_TIME_LIMIT_MS));
}
