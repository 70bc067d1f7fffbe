import type { Caps } from '@carillon/contracts';
import type { SqlRunner } from '@carillon/persistence';
import { SecretUnreadable, type OutboundGuard, type SecretBox } from '@carillon/service';
import { effectiveCaps } from '../caps/cap-claims.ts';
import type { CapStore } from '../caps/cap-store.ts';
import { defaultBreakerPolicy, type BreakerPolicy } from '../provider/breaker.ts';
import { ProviderGate } from '../provider/provider-gate.ts';
import { leaseMoments } from '../rates/budget-store.ts';
import { RateBudget } from '../rates/rate-budget.ts';
import type { BreakerBoard } from './breaker-board.ts';
import type { InstallationProvider, ProviderKind } from './provider-kind.ts';
import type { ProviderRow, ProviderStore } from './provider-store.ts';

export interface DirectoryOptions<Content> {
  readonly installation: readonly InstallationProvider<Content>[];
  /** By name. */
  readonly kinds: Readonly<Record<string, ProviderKind<Content>>>;
  readonly installationCaps: Caps;
  readonly concurrency: number;
  readonly sendTimeoutMs: number;
  readonly breaker?: Partial<BreakerPolicy>;
}

/** How the messages of a tenant go out. */
export interface TenantRoutes<Content = unknown> {
  /** In the order in which they are asked. */
  readonly gates: readonly ProviderGate<Content>[];
  readonly caps: Caps;
}

/** What tenants' own providers are in a table; here they are at hand, with the slots, budget and breaker of each. */
export class ProviderDirectory<Content = unknown> {
  /** Of the environment, for tenants without enabled providers of their own. */
  readonly installation: readonly ProviderGate<Content>[];
  private readonly remembered = new Map<string, Promise<TenantRoutes<Content>>>();
  /** Gates of tenants, by tenant: they live on while their rows do not change. */
  private readonly gates = new Map<string, Map<string, ProviderGate<Content>>>();
  private closed = false;

  constructor(
    private readonly options: DirectoryOptions<Content>,
    private readonly providers: ProviderStore,
    private readonly caps: CapStore,
    private readonly board: BreakerBoard,
    private readonly box: SecretBox,
    private readonly guard: OutboundGuard,
    private readonly db: SqlRunner,
  ) {
    this.installation = options.installation.map(({ kind, provider, ratePerSecond = null }, index) =>
      this.gate('', {
        ...{ name: provider.name, kind, provider, problem: null, order: index + 1, weight: 1 },
        ...{ ratePerSecond, concurrency: null },
      }),
    );
  }

  /** How the messages of a tenant go out. Read once and remembered until something changes. */
  of(tenant: string): Promise<TenantRoutes<Content>> {
    let routes = this.remembered.get(tenant);
    if (!routes) {
      const reading = this.read(tenant, () => this.remembered.get(tenant) === reading);
      this.remembered.set(tenant, (routes = reading));
      // What failed is read again by the next one.
      reading.catch(() => this.remembered.get(tenant) === reading && this.remembered.delete(tenant));
    }
    return routes;
  }

  /** The provider of a name as the tenant uses it; also one that is not enabled any more, while it is there. */
  async find(tenant: string, name: string): Promise<ProviderGate<Content> | undefined> {
    const { gates } = await this.of(tenant);
    return gates.find((gate) => gate.name === name) ?? this.installation.find((gate) => gate.name === name);
  }

  /** Something changed for a tenant. */
  forget(tenant: string): void {
    this.remembered.delete(tenant);
  }

  /** Something may have changed for anyone. */
  forgetAll(): void {
    this.remembered.clear();
  }

  /** For shutdown: whoever waits goes away. */
  stopWaiting(): void {
    this.closed = true;
    for (const gate of this.allGates()) gate.close();
  }

  /** Gives all connections back. */
  async close(): Promise<void> {
    await Promise.all([...this.allGates()].map((gate) => gate.provider?.close?.()));
  }

  /**
   * Makes a provider of what a tenant has configured.
   * @returns without `provider`, why it cannot be used
   */
  create(row: ProviderRow): Pick<ProviderGate<Content>['options'], 'provider' | 'problem'> {
    const kind = this.options.kinds[row.kind];
    if (!kind) return { provider: undefined, problem: `there is no kind ${row.kind}` };
    const secrets: Record<string, string> = {};
    for (const [field, sealed] of Object.entries(row.secrets)) {
      try {
        secrets[field] = this.box.open(sealed, [row.tenant, row.name, field]);
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error;
        return { provider: undefined, problem: `its secret ${field} cannot be opened: ${error.message}` };
      }
    }
    const settings = kind.settings.safeParse(row.settings);
    const opened = kind.secrets.safeParse(secrets);
    const wrong = [settings, opened].flatMap(({ error }) => error?.issues ?? []).map(({ path }) => path.join('.'));
    if (!settings.success || !opened.success) {
      return { provider: undefined, problem: `it is not configured: ${[...new Set(wrong)].join(', ')}` };
    }
    const provider = kind.create({
      name: row.name,
      settings: settings.data,
      secrets: opened.data,
      senderIds: row.sender_ids,
      timeoutMs: this.options.sendTimeoutMs,
      guard: this.guard,
    });
    return { provider, problem: null };
  }

  private async read(tenant: string, isNewest: () => boolean): Promise<TenantRoutes<Content>> {
    const [rows, caps] = await Promise.all([this.providers.ofTenant(tenant), this.caps.read(tenant)]);
    // Something changed while this was read: what is newer counts, and of each gate there is one.
    if (!isNewest()) return this.of(tenant);
    const before = this.gates.get(tenant);
    const now = new Map<string, ProviderGate<Content>>();
    for (const row of rows) {
      if (!row.enabled || this.closed) continue;
      // Whatever changes a provider changes this time; an unchanged one keeps its breaker and its connections.
      const key = `${row.name} ${row.updated_at.toISOString()}`;
      now.set(key, before?.get(key) ?? this.gateOf(row));
    }
    const names = new Set([...now.values()].map(({ name }) => name));
    for (const [key, gate] of before ?? []) {
      if (now.has(key)) continue;
      gate.retire();
      if (!names.has(gate.name)) this.board.forget(tenant, gate.name);
      else this.board.changed(tenant, gate.name, { kind: 'closed', errors: [], answers: [] });
    }
    if (now.size > 0) this.gates.set(tenant, now);
    else this.gates.delete(tenant);
    return {
      gates: now.size > 0 ? [...now.values()] : this.installation,
      caps: effectiveCaps(caps?.caps ?? {}, this.options.installationCaps),
    };
  }

  private gateOf(row: ProviderRow): ProviderGate<Content> {
    const { name, kind, position: order, weight, rate_per_second: ratePerSecond, concurrency } = row;
    return this.gate(row.tenant, { name, kind, order, weight, ratePerSecond, concurrency, ...this.create(row) });
  }

  private gate(
    tenant: string,
    {
      ratePerSecond,
      concurrency,
      ...parts
    }: Pick<ProviderGate<Content>['options'], 'name' | 'kind' | 'provider' | 'problem' | 'order' | 'weight'> & {
      ratePerSecond: number | null;
      concurrency: number | null;
    },
  ): ProviderGate<Content> {
    const { name } = parts;
    const budget =
      ratePerSecond === null
        ? undefined
        : new RateBudget(ratePerSecond, (count) =>
            leaseMoments(this.db, { tenant, provider: name, perSecond: ratePerSecond }, count),
          );
    return new ProviderGate<Content>({
      ...parts,
      concurrency: concurrency ?? this.options.concurrency,
      perSecond: ratePerSecond,
      budget,
      breaker: { ...defaultBreakerPolicy, ...this.options.breaker },
      onBreaker: (state) => this.board.changed(tenant, name, state),
    });
  }

  private *allGates(): Iterable<ProviderGate<Content>> {
    yield* this.installation;
    for (const gates of this.gates.values()) yield* gates.values();
  }
}
