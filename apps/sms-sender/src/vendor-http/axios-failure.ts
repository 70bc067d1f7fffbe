import type { ClientRequest } from 'node:http';
import { noAnswer, refusedWith, type NotAccepted } from '@carillon/delivery';

/** The parts of axios's error that tell what happened; both vendors' SDKs use axios. */
export interface AxiosFailure {
  readonly isAxiosError: true;
  readonly code?: string;
  readonly request?: ClientRequest;
  readonly response?: { readonly status: number; readonly headers: Record<string, unknown> };
}

export function isAxiosFailure(error: unknown): error is AxiosFailure {
  return typeof error === 'object' && error !== null && 'isAxiosError' in error && error.isAxiosError === true;
}

/** Classifies a failed request by its status, or by how far it got. */
export function outcomeOf(vendor: string, { response, request, code }: AxiosFailure): NotAccepted {
  if (response) return refusedWith(vendor, response.status, response.headers['retry-after'] as string | undefined);
  const socket = request?.socket;
  // A kept-alive socket has written earlier requests, so this errs on the side of "may have been sent".
  const written = socket !== null && socket !== undefined && !socket.connecting && socket.bytesWritten > 0;
  return noAnswer(vendor, code ?? 'unknown error', written);
}
