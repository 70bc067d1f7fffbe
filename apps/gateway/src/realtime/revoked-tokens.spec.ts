import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recipientErased } from '@carillon/contracts';
import { unique, until, type TestService } from '@carillon/testing';
import { SignJWT } from 'jose';
import { RealtimeUnderTest, someone, tenant, tokenOf, type Client } from '../../testing/realtime-under-test.ts';
import { TokenKeys } from '../access/token-keys.ts';
import { RevokedTokens } from './revoked-tokens.ts';

describe('an open socket', () => {
  let test: RealtimeUnderTest;
  let replicas: TestService[];

  beforeAll(async () => {
    test = await RealtimeUnderTest.start();
    replicas = await Promise.all([test.startGateway(), test.startGateway()]);
  }, 60_000);
  afterAll(() => test?.close());

  const keysOf = (replica: TestService) => replica.running.app.get(TokenKeys);
  const signed = (kid: string, secret: string, recipient: string) =>
    new SignJWT({ tenant })
      .setProtectedHeader({ alg: 'HS256', kid })
      .setSubject(recipient)
      .setAudience('carillon')
      .setExpirationTime('1 h')
      .sign(new TextEncoder().encode(secret));

  async function secretOf(kid = unique()) {
    const { secret } = await keysOf(replicas[0]!).addSecret(tenant, { kid, by: 'test' });
    // The other replica may remember for some seconds that there was none.
    keysOf(replicas[1]!).forget(tenant);
    return { kid, secret };
  }

  /** With each of these tokens one client at each replica. */
  const clientsOf = async (...tokens: string[]): Promise<Client[]> =>
    Promise.all(replicas.flatMap((replica) => tokens.map((token) => test.connected(replica, { token }))));
  const isEnded = (client: Client) => client.ends.length > 0;

  it('ends on all replicas when the secret of its token is removed, and does not come back; others stay', async () => {
    const [gone, kept] = [await secretOf(), await secretOf()];
    const recipient = someone();
    const ended = await clientsOf(await signed(gone.kid, gone.secret, recipient));
    const minted = await tokenOf(replicas[0]!, recipient);
    const others = await clientsOf(await signed(kept.kid, kept.secret, recipient), minted);
    await keysOf(replicas[0]!).removeSecret(tenant, gone.kid);
    await until('all are refused', () => ended.every(({ ends }) => ends.includes('unauthorized')));
    for (const { ends } of ended) expect(ends.slice(0, 2)).toEqual(['token_revoked', 'transport close']);
    await test.notify(recipient);
    await until('the others are told', () => others.every(({ told }) => told.length > 0));
    expect(others.filter(isEnded)).toEqual([]);
  });

  it('holds by the last token that it was renewed with', async () => {
    const [gone, kept] = [await secretOf(), await secretOf()];
    const recipient = someone();
    const clients = await clientsOf(await signed(gone.kid, gone.secret, recipient));
    const [renewed, ...others] = clients;
    const next = await signed(kept.kid, kept.secret, recipient);
    expect(await renewed!.socket.emitWithAck('renew', { token: next })).toHaveProperty('expires_at');
    await keysOf(replicas[0]!).removeSecret(tenant, gone.kid);
    await until('the others end', () => others.every(isEnded));
    expect(renewed!.ends).toEqual([]);
    await keysOf(replicas[1]!).removeSecret(tenant, kept.kid);
    await until('so does this one', () => renewed!.ends.includes('token_revoked'));
  });

  it('stays when the database cannot be asked', async () => {
    const { kid, secret } = await secretOf();
    const [client] = await clientsOf(await signed(kid, secret, someone()));
    const revoked = replicas[0]!.running.app.get(RevokedTokens) as unknown as { look(): Promise<void> };
    await test.database.query('ALTER TABLE gateway.token_secrets RENAME TO token_secrets_away');
    try {
      await revoked.look();
    } finally {
      await test.database.query('ALTER TABLE gateway.token_secrets_away RENAME TO token_secrets');
    }
    expect(client!.ends).toEqual([]);
  });

  it('ends for good when its recipient is erased, on all replicas; others stay', async () => {
    const [recipient, other] = [someone(), someone()];
    const tokens = await Promise.all([tokenOf(replicas[0]!, recipient), tokenOf(replicas[0]!, other)]);
    const [ended, others] = [await clientsOf(tokens[0]), await clientsOf(tokens[1])];
    const erased_at = new Date().toISOString();
    await test.messages.publish(recipientErased, { recipient, erased_at }, { tenant, id: recipient });
    await until('all end', () => ended.every(({ ends }) => ends.length > 1));
    for (const { ends } of ended) expect(ends).toEqual(['recipient_erased', 'io server disconnect']);
    await test.notify(other);
    await until('the others are told', () => others.every(({ told }) => told.length > 0));
    expect(others.filter(isEnded)).toEqual([]);
  });
});
