import { randomUUID } from 'node:crypto';
import {
  deliverySettingsChanged,
  Problem,
  type FieldError,
  type ProviderCheck,
  type ProviderInput,
  type ProviderView,
  type SentChannel,
} from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import { SecretUnreadable, type SecretBox } from '@carillon/service';
import type { ProviderGate } from '../provider/provider-gate.ts';
import type { BreakerBoard } from './breaker-board.ts';
import type { ProviderDirectory } from './provider-directory.ts';
import type { ProviderKind } from './provider-kind.ts';
import type { ProviderRow, ProviderStore } from './provider-store.ts';

/** Providers that a tenant may have on a channel; more than anyone needs, and few enough to be read at once. */
const mostProviders = 20;
const checkTimeoutMs = 10_000;
/** Of shorter secrets the last four characters would be too much. */
const shortestHinted = 16;

const neverOpened = { state: 'closed', reason: null, since: null, retry_at: null, replicas: 0 } as const;

/** Admins' work on the providers of their tenant. */
export class ProviderDesk<Content = unknown> {
  constructor(
    private readonly channel: SentChannel,
    private readonly kinds: Readonly<Record<string, ProviderKind<Content>>>,
    private readonly store: ProviderStore,
    private readonly directory: ProviderDirectory<Content>,
    private readonly board: BreakerBoard,
    private readonly box: SecretBox,
    private readonly messages: Messages,
  ) {}

  /** Those of the tenant in the order in which they are asked, then the installation's. */
  async list(tenant: string): Promise<ProviderView[]> {
    const [rows, own, installation] = await Promise.all([
      this.store.ofTenant(tenant),
      this.board.seen(tenant),
      this.board.seen(''),
    ]);
    const inUse = rows.some(({ enabled }) => enabled);
    return [
      ...rows.map((row) => ({ ...this.viewOf(row), breaker: own.get(row.name) ?? neverOpened })),
      ...this.directory.installation.map((gate) => ({
        ...installationView(this.channel, gate),
        in_use: !inUse,
        breaker: installation.get(gate.name) ?? neverOpened,
      })),
    ];
  }

  /** @throws Problem 404 */
  async get(tenant: string, name: string): Promise<ProviderView> {
    const view = (await this.list(tenant)).find((each) => each.name === name);
    if (!view) throw Problem.notFound('provider', name);
    return view;
  }

  /**
   * Makes or replaces one.
   * @throws Problem 422 `invalid_provider` naming each field, `provider_refused` when the live check fails
   */
  async put(
    tenant: string,
    name: string,
    input: ProviderInput,
    { check, updatedBy }: { check: boolean; updatedBy: string },
  ): Promise<ProviderView & { created: boolean }> {
    const rows = await this.store.ofTenant(tenant);
    const before = rows.find((row) => row.name === name);
    if (!before && rows.length >= mostProviders) {
      throw invalid([{ path: 'name', message: `a tenant has at most ${mostProviders} providers; delete one first` }]);
    }
    const row = this.checked(tenant, name, input, before, updatedBy);
    if (check) {
      const { ok, detail } = await this.ask(row);
      if (!ok)
        throw Problem.unprocessable('provider_refused', 'The provider does not accept this', [
          { path: 'secrets', message: detail },
        ]);
    }
    await this.store.write(row);
    await this.announce(tenant);
    return { ...(await this.get(tenant, name)), created: before === undefined };
  }

  /** @throws Problem 404 */
  async remove(tenant: string, name: string): Promise<ProviderView> {
    const view = (await this.list(tenant)).find((each) => each.name === name && each.origin === 'tenant');
    if (!view) throw Problem.notFound('provider', name);
    await this.store.remove(tenant, name);
    await this.announce(tenant);
    return { ...view, in_use: false };
  }

  /** Asks a provider whether it takes the credentials; sends nothing. @throws Problem 404 */
  async check(tenant: string, name: string): Promise<ProviderCheck> {
    const row = (await this.store.ofTenant(tenant)).find((each) => each.name === name);
    if (row) return this.ask(row);
    const gate = this.directory.installation.find((each) => each.name === name);
    if (!gate?.provider) throw Problem.notFound('provider', name);
    return answerOf(gate.provider);
  }

  /** Seals what older keys have sealed with the newest one, so that the older ones can go. */
  async reseal(): Promise<number> {
    const rows = await this.store.sealedOtherwise(this.box.keyId);
    let resealed = 0;
    for (const row of rows) {
      try {
        const secrets = Object.entries(row.secrets).map(([field, sealed]) => {
          const owner = [row.tenant, row.name, field];
          return [field, this.box.seal(this.box.open(sealed, owner), owner)] as const;
        });
        await this.store.reseal(row, Object.fromEntries(secrets));
        resealed += 1;
      } catch (error) {
        // It stays as it is and shows as a problem where providers are listed.
        if (!(error instanceof SecretUnreadable)) throw error;
      }
    }
    return resealed;
  }

  private announce(tenant: string): Promise<void> {
    this.directory.forget(tenant);
    return this.messages.publish(deliverySettingsChanged, { channel: this.channel }, { tenant, id: randomUUID() });
  }

  /** What would be kept. @throws Problem 422 naming every field that is wrong */
  private checked(
    tenant: string,
    name: string,
    input: ProviderInput,
    before: ProviderRow | undefined,
    updatedBy: string,
  ): Omit<ProviderRow, 'updated_at'> {
    const kind = Object.hasOwn(this.kinds, input.kind) ? this.kinds[input.kind] : undefined;
    if (!kind) {
      const known = Object.keys(this.kinds).join(', ');
      throw invalid([{ path: 'kind', message: `must be one of ${known} for ${this.channel}` }]);
    }
    const sealed: Record<string, string> = {};
    // What another kind needs is nothing to keep.
    const kept = before?.kind === input.kind ? before : undefined;
    for (const [field, secret] of Object.entries({ ...kept?.secrets, ...input.secrets })) {
      if (secret !== null) sealed[field] = secret;
    }
    const errors: FieldError[] = [];
    const secrets: Record<string, string> = {};
    for (const [field, secret] of Object.entries(sealed)) {
      try {
        secrets[field] = this.box.open(secret, [tenant, name, field]);
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error;
        errors.push({ path: `secrets.${field}`, message: 'cannot be opened any more; send it again' });
      }
    }
    const settings = kind.settings.safeParse(input.settings);
    errors.push(...issues('settings', settings.error?.issues));
    if (errors.length === 0) errors.push(...issues('secrets', kind.secrets.safeParse(secrets).error?.issues));
    if (this.channel !== 'sms' && Object.keys(input.sender_ids).length > 0)
      errors.push({ path: 'sender_ids', message: 'are for SMS; leave them out' });
    if (errors.length > 0) throw invalid(errors);
    return {
      ...{ tenant, name, kind: input.kind, settings: input.settings, secrets: sealed },
      hints: Object.fromEntries(
        Object.entries(secrets).map(([field, secret]) => [
          field,
          secret.length < shortestHinted ? null : secret.slice(-4),
        ]),
      ),
      ...{ position: input.order, weight: input.weight, enabled: input.enabled, sender_ids: input.sender_ids },
      ...{ rate_per_second: input.rate_per_second, concurrency: input.concurrency, updated_by: updatedBy },
    };
  }

  private async ask(row: Omit<ProviderRow, 'updated_at'>): Promise<ProviderCheck> {
    const { provider, problem } = this.directory.create({ ...row, updated_at: new Date(0) });
    if (!provider) return { ok: false, detail: problem ?? 'it cannot be used' };
    try {
      return await answerOf(provider);
    } finally {
      await provider.close?.();
    }
  }

  private viewOf(row: ProviderRow): Omit<ProviderView, 'breaker'> {
    const { provider, problem } = this.directory.create(row);
    void provider?.close?.();
    return {
      ...{ channel: this.channel, name: row.name, kind: row.kind, origin: 'tenant', settings: row.settings },
      secrets: Object.fromEntries(
        Object.keys(row.secrets).map((field) => [field, { last4: row.hints[field] ?? null }]),
      ),
      ...{ order: row.position, weight: row.weight, enabled: row.enabled, in_use: row.enabled },
      ...{ sender_ids: row.sender_ids, rate_per_second: row.rate_per_second, concurrency: row.concurrency, problem },
      ...{ updated_at: row.updated_at.toISOString(), updated_by: row.updated_by },
    };
  }
}

function installationView(channel: SentChannel, { options }: ProviderGate): Omit<ProviderView, 'breaker' | 'in_use'> {
  const { name, kind, order, weight, perSecond } = options;
  return {
    ...{ channel, name, kind, origin: 'installation', settings: {}, secrets: {}, order, weight, enabled: true },
    ...{
      sender_ids: {},
      rate_per_second: perSecond,
      concurrency: null,
      problem: null,
      updated_at: null,
      updated_by: null,
    },
  };
}

async function answerOf(provider: NonNullable<ProviderGate['provider']>): Promise<ProviderCheck> {
  if (!provider.check) return { ok: true, detail: 'this kind of provider cannot be asked without sending a message' };
  try {
    return await provider.check(AbortSignal.timeout(checkTimeoutMs));
  } catch (error) {
    // An adapter's own words are safe; what an SDK throws might hold anything.
    return { ok: false, detail: `the check failed (${error instanceof Error ? error.name : 'unknown error'})` };
  }
}

function invalid(errors: FieldError[]): Problem {
  return Problem.unprocessable('invalid_provider', 'The provider is not valid', errors);
}

function issues(
  under: string,
  found: readonly {
    readonly code?: string;
    readonly path: PropertyKey[];
    readonly message: string;
    readonly keys?: string[];
  }[] = [],
): FieldError[] {
  return found.flatMap(({ path, message, keys }) =>
    keys
      ? keys.map((key) => ({ path: [under, ...path, key].join('.'), message: 'is not known to this kind; remove it' }))
      : [{ path: [under, ...path].join('.'), message }],
  );
}
