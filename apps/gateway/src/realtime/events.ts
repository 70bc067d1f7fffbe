import type { Notification } from '@carillon/contracts';
import type { Server, Socket } from 'socket.io';
import type { Page } from '../origins/origin.ts';
import type { Signer } from '../access/recipient-tokens.ts';
import type { Inbox } from './feeds.ts';

/** Why the gateway closes a socket. */
export type ClosingCode =
  /** Connect again with a new token. */
  | 'token_expired'
  /** The secret or key set that it was signed with was taken away or replaced. Connect again with a new token. */
  | 'token_revoked'
  /** The recipient was erased. Do not connect again. */
  | 'recipient_erased'
  /** Somebody has opened more sockets than a recipient may have; this was the oldest. Do not connect again. */
  | 'too_many_sockets'
  /** More messages than a client has reason to send. Do not connect again. */
  | 'too_many_messages'
  /** It did not take what was sent to it. */
  | 'too_slow'
  /** Requests are answered 403, too. Connect again once they are not. */
  | 'tenant_suspended'
  /** The tenant does not allow the page's origin any more. Until it does, connecting again is refused. */
  | 'origin_not_allowed'
  /** This replica stops; connecting again leads to another one. */
  | 'stopping';

/** What a client hears. docs/realtime.md describes it for those who write one. */
export interface Heard {
  'notification.created': (message: { notification: Notification }) => void;
  'notification.updated': (message: { notification: Notification }) => void;
  'notification.deleted': (message: { id: string }) => void;
  unread_count: (message: { count: number }) => void;
  /** It has caught up. `since` is for the next connect of a client that has no notification to name. */
  ready: (message: { since: string }) => void;
  /** More has changed than is told: read the list anew. */
  resync: (message: object) => void;
  closing: (message: { code: ClosingCode }) => void;
}

/** What a client may say. */
export interface Said {
  renew: (message: unknown, answer?: unknown) => void;
}

/** What is known of a socket once its token is verified. */
export interface SocketData {
  inbox: Inbox;
  page: Page;
  expires_at: Date;
  signer: Signer;
  since: string[];
}

export type RealtimeServer = Server<Said, Heard, Record<string, never>, SocketData>;
export type RealtimeSocket = Socket<Said, Heard, Record<string, never>, SocketData>;
