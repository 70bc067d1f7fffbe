import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { asRequestOf } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import { DataSource } from 'typeorm';
import type { GatewayConfig } from '../config.ts';
import { fingerprints, type Answer, type Asked } from './asked.ts';
import { KeptAnswers } from './kept-answers.ts';

/** How long a repeated request waits for the answer to the first one before it is told to come again. */
const patienceMs = 5_000;
/** How much longer than a request may take its key is held for whoever carries it out. */
const marginMs = 5_000;
/** Pauses between two looks at what another replica has answered, doubling. */
const firstPauseMs = 25;
const longestPauseMs = 400;

/** A request that this replica carries out under its key. */
export interface UnderWay {
  readonly asked: Asked;
  readonly owner: string;
  readonly firstAt: Date;
  /** Tells those who wait in this replica. */
  ended(answer: Answer | undefined): void;
}

/** One request under a key, however often it comes: the first is carried out, the others get its answer. */
@Injectable()
export class Idempotency {
  readonly asked: ReturnType<typeof fingerprints>;
  private readonly logger = new Logger(Idempotency.name);
  private readonly kept: KeptAnswers;
  /** What this replica carries out, or is about to ask whether it may; those who come meanwhile need not ask the database. */
  private readonly here = new Map<string, { request: Buffer; answer: Promise<Answer | undefined> }>();

  constructor(db: DataSource, @Inject(CONFIG) { CARILLON_SECRET: secret }: Pick<GatewayConfig, 'CARILLON_SECRET'>) {
    this.asked = fingerprints(secret);
    this.kept = new KeptAnswers(db);
  }

  /**
   * @param limitMs how long the request may take
   * @returns the answer, if there is one or comes within some seconds; otherwise what the caller is to carry out and then to {@link end}
   * @throws Problem 409 while somebody else is still at it; 422 for another request under the same key
   */
  async begin(asked: Asked, limitMs: number): Promise<Answer | UnderWay> {
    const deadline = Date.now() + patienceMs;
    const place = `${asked.tenant}\n${asked.key.toString('base64')}`;
    for (let pauseMs = firstPauseMs; ;) {
      const other = this.here.get(place);
      if (other) {
        if (!other.request.equals(asked.request)) throw reused();
        const left = deadline - Date.now();
        if (left <= 0) throw inFlight();
        const timer = new AbortController();
        const answer = await Promise.race([
          other.answer,
          sleep(left, undefined, { signal: timer.signal }).catch(() => undefined),
        ]);
        timer.abort();
        if (answer) return answer;
        continue;
      }
      const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
      this.here.set(place, { request: asked.request, answer: promise });
      const ended = (answer?: Answer) => {
        this.here.delete(place);
        resolve(answer);
      };
      let waits = true;
      try {
        const owner = randomUUID();
        const claim = await this.kept.claim({ asked, owner, now: new Date(), leaseMs: limitMs + marginMs });
        if (claim.kind === 'mine') {
          waits = false;
          return { asked, owner, firstAt: claim.firstAt, ended };
        }
        if (claim.kind === 'answered') {
          ended(claim.answer);
          return claim.answer;
        }
        if (claim.kind === 'other_request') throw reused();
        if (Date.now() + pauseMs > deadline) throw inFlight();
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      } finally {
        if (waits) ended();
      }
    }
  }

  /**
   * What was carried out has been answered. Never rejects: an answer that cannot be kept is given all the same, and whoever asks
   * again after the lease has it carried out again, with the same ids.
   *
   * @param answer undefined: it failed, and whoever asks again tries again
   */
  async end({ asked, owner, ended }: UnderWay, answer: Answer | undefined): Promise<void> {
    try {
      // Whoever asked may be gone, and will ask again.
      await asRequestOf(asked.tenant, () =>
        answer ? this.kept.keep({ asked, owner, answer }) : this.kept.release({ asked, owner }),
      );
    } catch (error) {
      this.logger.warn({ msg: 'the answer to an Idempotency-Key is not kept', error: (error as Error).message });
    }
    ended(answer);
  }
}

/** 409 */
export function inFlight(): Problem {
  return new Problem({
    status: 409,
    code: 'request_in_flight',
    title: 'The same request is being carried out',
    detail: 'A request with this Idempotency-Key has not been answered yet. Ask again for its answer.',
    retry_after: 1,
  });
}

/** 422 */
export function reused(): Problem {
  return new Problem({
    status: 422,
    code: 'idempotency_key_reused',
    title: 'The Idempotency-Key belongs to another request',
    detail: 'Another request was sent with this key to the same route. Send each request with a key of its own.',
  });
}
