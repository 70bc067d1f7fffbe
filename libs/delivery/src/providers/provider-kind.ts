import type { OutboundGuard } from '@carillon/service';
import type { z } from 'zod';
import type { Provider } from '../provider/provider.ts';

/** What a provider is made of. */
export interface ProviderParts<Settings = unknown, Secrets = unknown> {
  /** As configured: used in logs, metrics and attempts. */
  readonly name: string;
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** By the first digits of the number. */
  readonly senderIds: Record<string, string>;
  /** For one attempt. */
  readonly timeoutMs: number;
  /** Where it may connect to: what a tenant says is no reason to reach into this network. */
  readonly guard: OutboundGuard;
}

/** A kind of provider that tenants can configure: what it needs, and how it is made of that. */
export interface ProviderKind<Content = unknown, Settings = any, Secrets = any> {
  readonly settings: z.ZodType<Settings>;
  /** An object of texts; each of them is sealed and never shown. */
  readonly secrets: z.ZodType<Secrets>;
  create(parts: ProviderParts<Settings, Secrets>): Provider<Content>;
}

/** Names a kind, with its types: for a list of kinds. */
export function providerKind<Content, Settings, Secrets>(
  kind: ProviderKind<Content, Settings, Secrets>,
): ProviderKind<Content> {
  return kind;
}

/** A provider that the environment configures, for all tenants without enabled ones of their own. */
export interface InstallationProvider<Content = unknown> {
  readonly kind: string;
  readonly provider: Provider<Content>;
  /** Messages a second, all replicas together. */
  readonly ratePerSecond?: number;
}
