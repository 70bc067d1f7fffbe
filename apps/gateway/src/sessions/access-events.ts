import { Injectable, Logger } from '@nestjs/common';
import { currentTraceparent } from '@carillon/messaging';
import { AuditLog } from '../audit/audit-log.ts';
import type { MemberWithPassword } from '../members/members.ts';

/** Somebody came in, or tried to. */
export interface AccessEvent {
  what: 'signed_in' | 'sign_in_failed' | 'invitation_accepted';
  by: 'password' | 'openid' | 'invitation';
  tenant: string;
  /** Undefined where nobody knows who it was. */
  member: MemberWithPassword | undefined;
  ip: string;
}

/**
 * The one place that hears of the way in: the log for operators, with ids only, and the audit log of the tenant, where it stands like
 * everything that members do once they are in.
 */
@Injectable()
export class AccessEvents {
  private readonly logger = new Logger('access');

  constructor(private readonly audit: AuditLog) {}

  async tell({ what, by, tenant, member, ip }: AccessEvent): Promise<void> {
    this.logger.log({ msg: what, by, tenant, member: member?.id });
    // An email that nobody has is a stranger's, and what strangers try would fill the log.
    if (!member) return;
    await this.audit.record(
      {
        tenant,
        actor: { kind: 'member', id: member.id, name: member.name, role: member.role },
        action: what === 'invitation_accepted' ? 'session.invitation' : 'session.create',
        target: 'session',
        ip,
        request_id: currentTraceparent()?.slice(3, 35) ?? null,
        input: { by },
      },
      what === 'sign_in_failed' ? { status: 401, code: 'sign_in_failed' } : { status: 200 },
    );
  }
}
