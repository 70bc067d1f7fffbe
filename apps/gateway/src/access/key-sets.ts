import { Injectable } from '@nestjs/common';
import { OutboundGuard, outboundRequest } from '@carillon/service';
import { createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';

/** A key set could not be had, so nothing can be said of the tokens signed with its keys. */
export class KeySetAway extends Error {
  override readonly name = 'KeySetAway';
}

/** How long a key set is used before it is asked for again. */
const freshMs = 10 * 60_000;
/** A token with an unknown `kid` makes us ask once in so long, whoever sends how many. */
const unknownKidMs = 30_000;
/** After a failure the address is left in peace for so long. */
const pauseMs = 5_000;
/** For so long the last set is used while the address does not answer. */
const staleMs = 60 * 60_000;
const timeoutMs = 5_000;

/** Public keys of tenants' own identity providers (JWK Sets, RFC 7517), fetched when they are needed and kept. */
@Injectable()
export class KeySets {
  private readonly sets = new LRUCache<string, JWTVerifyGetKey>({ max: 1_000 });

  constructor(private readonly guard: OutboundGuard) {}

  /** The keys at an address. To be called with the tenant: what one tenant causes is not counted against another. */
  of(tenant: string, url: string): JWTVerifyGetKey {
    const name = JSON.stringify([tenant, url]);
    let set = this.sets.get(name);
    if (!set) this.sets.set(name, (set = this.remote(url)));
    return set;
  }

  /** What is at an address now. @throws ForbiddenTarget, KeySetAway */
  async fetch(url: string, signal: AbortSignal = AbortSignal.timeout(timeoutMs)): Promise<JSONWebKeySet> {
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const { status, text } = await outboundRequest(new URL(url), { method: 'GET', headers, signal }, this.guard);
    if (status !== 200) throw new KeySetAway(`it answered ${status}`);
    return parse(text);
  }

  private remote(url: string): JWTVerifyGetKey {
    let last: { set: JSONWebKeySet; at: number } | undefined;
    let pausedUntil = 0;
    const fetched = async (signal: AbortSignal): Promise<JSONWebKeySet> => {
      let reason = 'it did not answer a moment ago';
      if (Date.now() >= pausedUntil) {
        try {
          last = { set: await this.fetch(url, signal), at: Date.now() };
          return last.set;
        } catch (error) {
          reason = (error as Error).message;
          pausedUntil = Date.now() + pauseMs;
        }
      }
      if (last && last.at + staleMs > Date.now()) return last.set;
      throw new KeySetAway(reason);
    };
    return createRemoteJWKSet(new URL(url), {
      cooldownDuration: unknownKidMs,
      cacheMaxAge: freshMs,
      timeoutDuration: timeoutMs,
      [customFetch]: async (_, { signal }) => Response.json(await fetched(signal)),
    });
  }
}

function parse(text: string): JSONWebKeySet {
  try {
    const set = JSON.parse(text) as Partial<JSONWebKeySet> | null;
    if (Array.isArray(set?.keys)) return { keys: set.keys };
  } catch {
    // Below.
  }
  throw new KeySetAway('it answered something else than a JSON object with "keys"');
}
