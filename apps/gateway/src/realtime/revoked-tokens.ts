import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Repeating, warningOnce } from '@carillon/service';
import { minted } from '../access/recipient-tokens.ts';
import { TokenKeys } from '../access/token-keys.ts';
import type { Seat } from './seat.ts';

const everyMs = 1_000;

/**
 * Closes sockets whose tokens nothing proves any more: the secret or the key set that they were signed with is gone or another one.
 * On the replica that is told so before the answer, on the others within a second or two: each looks at the keys of those tenants that
 * have sockets with tokens of their own, which is one statement, and none where all tokens were minted here.
 */
@Injectable()
export class RevokedTokens implements BeforeApplicationShutdown {
  private readonly logger = new Logger(RevokedTokens.name);
  /** Never rejects: sockets stay open while nobody can say. */
  private readonly look = warningOnce(this.logger, 'cannot see which tokens hold', () => this.close(() => true));
  private readonly looking = new Repeating(this.look, everyMs);
  private seats: ReadonlySet<Seat> = new Set();

  constructor(private readonly keys: TokenKeys) {
    keys.onChange((tenant) => this.close(({ inbox }) => inbox.tenant === tenant));
  }

  /** From now on, those that are in the set at the time. */
  watch(seats: ReadonlySet<Seat>): void {
    this.seats = seats;
    this.looking.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking.stop();
  }

  private async close(isConcerned: (seat: Seat) => boolean): Promise<void> {
    // One that comes while the keys are read may be signed with a key that is newer.
    const seats = [...this.seats].filter((seat) => seat.signer !== minted && isConcerned(seat));
    if (seats.length === 0) return;
    const signers = new Map(seats.map((seat) => [seat, seat.signer]));
    const inForce = await this.keys.inForce([...new Set(seats.map(({ inbox }) => inbox.tenant))]);
    for (const seat of seats) {
      const { signer, inbox } = seat;
      if (signer === minted || signer !== signers.get(seat) || inForce.get(inbox.tenant)?.has(signer)) continue;
      // Or it would come back by what is remembered.
      this.keys.forget(inbox.tenant);
      seat.close('token_revoked');
    }
  }
}
