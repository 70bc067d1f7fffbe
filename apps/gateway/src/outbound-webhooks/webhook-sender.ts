import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  CONFIG,
  ForbiddenTarget,
  NoAnswer,
  OutboundGuard,
  outboundRequest,
  Repeating,
  SecretUnreadable,
} from '@carillon/service';
import type { GatewayConfig } from '../config.ts';
import { Disabling } from './disabling.ts';
import { Endpoints } from './endpoints.ts';
import { MessageStore, type Claimed } from './message-store.ts';
import { webhookAttempts, webhooksUnderWay } from './metrics.ts';
import { verdictOn, type Answered } from './retries.ts';
import { signed } from './signature.ts';

const tickMs = 500;
/** Attempts that one replica has under way at most, of all endpoints together. */
const mostUnderWay = 500;
/** Between the end of an attempt at the latest and its record. */
const marginSeconds = 15;
/** Characters of an answer that are kept. */
const keptAnswer = 1_000;

type Attempted = { answered: Answered; response: string | null };

/**
 * Tells endpoints what they wait for. Any number of replicas may do so: each attempt is claimed by one of them, and one that dies in
 * the middle leaves it to the others when its lease is over. No connection to the database is held while an endpoint is waited for.
 */
@Injectable()
export class WebhookSender implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(WebhookSender.name);
  private readonly ticking = new Repeating(() => this.look(), tickMs);
  private readonly underWay = new Set<Promise<void>>();
  private readonly busy = new Map<string, { tenant: string; endpoint: string; count: number }>();
  private looking?: Promise<void>;
  private again = false;
  private stopping = false;
  private failing = false;

  constructor(
    private readonly store: MessageStore,
    private readonly endpoints: Endpoints,
    private readonly disabling: Disabling,
    private readonly guard: OutboundGuard,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.ticking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.ticking.stop();
    await this.looking;
    await Promise.all(this.underWay);
  }

  /** Takes and begins what is due; at once again where it is called meanwhile. Never rejects. */
  async look(): Promise<void> {
    if (this.looking) {
      this.again = true;
      return this.looking;
    }
    this.looking = this.claimAll().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async claimAll(): Promise<void> {
    try {
      let claimed: readonly Claimed[] = [];
      do {
        this.again = false;
        if (this.stopping) return;
        const room = mostUnderWay - this.underWay.size;
        if (room <= 0) return;
        claimed = await this.store.claim([...this.busy.values()], {
          perEndpoint: this.config.WEBHOOK_CONCURRENCY,
          most: room,
          leaseSeconds: Math.ceil(this.config.WEBHOOK_TIMEOUT_MS / 1000) + marginSeconds,
        });
        for (const message of claimed) this.begin(message);
      } while (this.again);
      await this.disabling.tell();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn({ msg: 'cannot look for due webhooks', error: (error as Error).message });
      this.failing = true;
    }
  }

  private begin(message: Claimed): void {
    const { tenant, endpoint } = message;
    const place = `${tenant} ${endpoint}`;
    const busy = this.busy.get(place) ?? { tenant, endpoint, count: 0 };
    this.busy.set(place, { ...busy, count: busy.count + 1 });
    const work = this.attempt(message)
      .catch((error: Error) => {
        this.logger.warn({ msg: 'an attempt at a webhook is left to its lease', error: error.message });
      })
      .finally(() => {
        this.underWay.delete(work);
        const { count } = this.busy.get(place)!;
        if (count > 1) this.busy.set(place, { ...busy, count: count - 1 });
        else this.busy.delete(place);
        webhooksUnderWay.set(this.underWay.size);
        // There may be more for this endpoint.
        if (!this.stopping) void this.look();
      });
    this.underWay.add(work);
    webhooksUnderWay.set(this.underWay.size);
  }

  private async attempt(message: Claimed): Promise<void> {
    const { tenant, id, endpoint, attempts: number, attempts_before } = message;
    const at = new Date();
    const began = performance.now();
    const { answered, response } = await this.post(message, at);
    const verdict = verdictOn(answered, number - attempts_before - 1, this.config.WEBHOOK_RETRY_DELAYS, {
      random: Math.random(),
      now: Date.now(),
    });
    webhookAttempts.labels({ outcome: verdict.kind }).inc();
    const status = 'status' in answered ? answered.status : null;
    const failingSince = await this.store.end({
      tenant,
      id,
      endpoint,
      number,
      at: at.toISOString(),
      duration_ms: Math.round(performance.now() - began),
      status,
      error: 'error' in answered ? answered.error : verdict.kind === 'delivered' ? null : `HTTP ${status}`,
      response,
      state: verdict.kind === 'retry' ? 'pending' : verdict.kind === 'delivered' ? 'delivered' : 'failed',
      in_seconds: verdict.kind === 'retry' ? verdict.inSeconds : 0,
    });
    if (verdict.kind === 'gone') await this.disabling.gone(tenant, endpoint);
    else if (failingSince) await this.disabling.ifForLong(tenant, endpoint, failingSince);
  }

  private async post({ tenant, id, endpoint, body, url, secrets }: Claimed, at: Date): Promise<Attempted> {
    try {
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Carillon-Webhooks/1',
        ...signed({ id, body, at }, this.endpoints.secretsOf(tenant, endpoint, secrets, at)),
      };
      const signal = AbortSignal.timeout(this.config.WEBHOOK_TIMEOUT_MS);
      const {
        status,
        headers: answerHeaders,
        text,
      } = await outboundRequest(new URL(url), { method: 'POST', headers, body, signal }, this.guard);
      const response = text.slice(0, keptAnswer).replaceAll('\0', '\uFFFD').toWellFormed();
      return { answered: { status, retryAfter: answerHeaders['retry-after'] }, response };
    } catch (error) {
      return { answered: { error: this.inWords(error) }, response: null };
    }
  }

  private inWords(error: unknown): string {
    if (error instanceof ForbiddenTarget) return `The URL ${error.message}.`;
    if (error instanceof SecretUnreadable) return 'The secret cannot be opened: SECRETS_KEY lacks its key.';
    if (!(error instanceof NoAnswer)) throw error;
    return error.code === 'ABORTED'
      ? `no answer within ${this.config.WEBHOOK_TIMEOUT_MS} ms`
      : `no answer: ${error.code}`;
  }
}
