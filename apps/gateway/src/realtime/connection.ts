import type { RealtimeSocket } from './events.ts';

type Connection = RealtimeSocket['conn'];

/** What is not public of engine.io, whose only transport here is the WebSocket of the package ws. */
interface Inside {
  writeBuffer: { data?: unknown }[];
  transport: { socket?: { bufferedAmount: number; terminate(): void } };
}

/** Bytes that were sent and that the client has not taken. */
export function bytesWaiting(connection: Connection): number {
  const { writeBuffer, transport } = connection as unknown as Inside;
  const unsent = writeBuffer.reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0);
  return unsent + (transport.socket?.bufferedAmount ?? 0);
}

/** Ends it at once: a closing handshake would wait behind what the client does not take. */
export function cut(connection: Connection): void {
  (connection as unknown as Inside).transport.socket?.terminate();
}
