import { Injectable, Logger } from '@nestjs/common';

/** Something about the way in that an operator wants to find again: ids only, no names and no emails. */
export interface AccessEvent {
  what: 'signed_in' | 'sign_in_failed' | 'signed_out' | 'invitation_accepted' | 'password_changed';
  tenant: string;
  /** Undefined where nobody knows who it was. */
  member?: string;
  by?: 'password' | 'openid' | 'invitation';
}

/** The one place that hears of it. */
@Injectable()
export class AccessEvents {
  private readonly logger = new Logger('access');

  tell({ what, ...about }: AccessEvent): void {
    this.logger.log({ msg: what, ...about });
  }
}
