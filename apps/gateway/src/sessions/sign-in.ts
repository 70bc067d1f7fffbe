import { Injectable } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { FailedCredentials } from '../limits/failed-credentials.ts';
import { Members, type MemberWithPassword } from '../members/members.ts';
import { hashPassword, isOutdated, isPassword } from '../members/passwords.ts';
import { AccessEvents } from './access-events.ts';
import type { Identified } from './openid.ts';
import { SignInLimit } from './sign-in-limit.ts';

/** The ways in which members prove who they are. What fails says the same, and takes as long, whoever was tried. */
@Injectable()
export class SignIn {
  constructor(
    private readonly members: Members,
    private readonly limit: SignInLimit,
    private readonly events: AccessEvents,
    private readonly failed: FailedCredentials,
  ) {}

  /**
   * @param isKnownBrowser whether the member has signed in with it before
   * @throws Problem 401 `sign_in_failed`; 429
   */
  async byPassword(
    { tenant, email, password }: { tenant: string; email: string; password: string },
    ip: string,
    isKnownBrowser: boolean,
  ): Promise<MemberWithPassword> {
    const takeBack = await this.limit.take([tenant, email], ip, isKnownBrowser);
    const member = await this.members.byEmail(tenant, email);
    if (!(await isPassword(password, member?.password)) || !member) {
      await this.events.tell({ what: 'sign_in_failed', by: 'password', tenant, member, ip });
      throw new Problem({
        status: 401,
        code: 'sign_in_failed',
        title: 'Email or password are not right',
        detail: 'Try again, or ask an owner for a new invitation.',
      });
    }
    await takeBack();
    if (isOutdated(member.password!)) await this.members.setPassword(tenant, member.id, await hashPassword(password));
    await this.members.signedIn(tenant, member.id);
    await this.events.tell({ what: 'signed_in', by: 'password', tenant, member, ip });
    return member;
  }

  /** @throws Problem 404 `invitation_unknown`; 429 */
  async byInvitation(
    token: string,
    { password, name }: { password: string; name?: string },
    ip: string,
  ): Promise<MemberWithPassword> {
    this.failed.admit(ip, token);
    // Guesses cost nothing but this look: only a genuine one is worth a slow hash.
    const member =
      (await this.members.isInvitation(token)) &&
      (await this.members.accept(token, { password: await hashPassword(password), name }));
    if (!member) {
      await this.failed.wrong('invitation', ip);
      throw new Problem({
        status: 404,
        code: 'invitation_unknown',
        title: 'There is no such invitation',
        detail: 'It may have been used or be older than a week; ask an owner for a new one.',
      });
    }
    await this.members.signedIn(member.tenant, member.id);
    const { tenant } = member;
    await this.events.tell({ what: 'invitation_accepted', by: 'invitation', tenant, member, ip });
    return member;
  }

  /** Undefined for somebody who is no member. */
  async byOpenId({ tenant, subject, email }: Identified, ip: string): Promise<MemberWithPassword | undefined> {
    const member = await this.members.byOpenId(tenant, subject, email);
    if (member) await this.members.signedIn(tenant, member.id);
    await this.events.tell({ what: member ? 'signed_in' : 'sign_in_failed', by: 'openid', tenant, member, ip });
    return member;
  }

  /** @throws Problem 403 `wrong_password`; 409 `no_password`; 429 */
  async changePassword(
    { tenant, memberId }: { tenant: string; memberId: string },
    { current_password, new_password }: { current_password: string; new_password: string },
    ip: string,
  ): Promise<void> {
    const { password } = await this.members.withPassword(tenant, memberId);
    if (password === null)
      throw new Problem({
        status: 409,
        code: 'no_password',
        title: 'You have no password',
        detail: 'You sign in with OpenID Connect; an owner can send you an invitation, with which you choose one.',
      });
    const takeBack = await this.limit.take([tenant, memberId], ip);
    if (!(await isPassword(current_password, password)))
      throw new Problem({ status: 403, code: 'wrong_password', title: 'The current password is not right' });
    await takeBack();
    await this.members.setPassword(tenant, memberId, await hashPassword(new_password));
  }
}
