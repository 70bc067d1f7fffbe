import type { Channel, Priority } from '@carillon/contracts';
import type { NotificationType } from './notification-type.ts';

interface Definition {
  channels: Channel[];
  priority?: Priority;
  mandatory?: boolean;
  on?: string[];
}

function category(name: string, types: Record<string, Definition>): NotificationType[] {
  return Object.entries(types).map(([key, { channels, priority = 'normal', mandatory = false, on = [] }]) => ({
    key,
    category: name,
    priority,
    channels,
    mandatory,
    on,
    origin: 'system',
    template: key,
  }));
}

/** The system catalog. Codes (verification, reset) are urgent, mandatory and never shown in the inbox. */
export const builtInTypes: readonly NotificationType[] = [
  ...category('account', {
    welcome: { channels: ['in_app', 'email'], on: ['user.registered'] },
    email_verification: {
      channels: ['email'],
      priority: 'urgent',
      mandatory: true,
      on: ['email.verification_requested'],
    },
    inactive_account: { channels: ['email'], priority: 'low', on: ['account.inactive'] },
  }),
  ...category('security', {
    password_reset: {
      channels: ['email', 'sms'],
      priority: 'urgent',
      mandatory: true,
      on: ['password.reset_requested'],
    },
    password_changed: { channels: ['in_app', 'email'], priority: 'high', mandatory: true, on: ['password.changed'] },
    login_alert: { channels: ['in_app', 'email'], priority: 'high', mandatory: true, on: ['login.unusual'] },
  }),
  ...category('billing', {
    invoice_issued: { channels: ['in_app', 'email', 'sms'], on: ['invoice.issued'] },
    payment_received: { channels: ['in_app', 'email', 'sms'], on: ['payment.received'] },
    payment_success: { channels: ['in_app', 'email'], on: ['payment.succeeded'] },
    payment_failed: { channels: ['in_app', 'email'], priority: 'high', on: ['payment.failed'] },
    subscription_expiring: { channels: ['in_app', 'email'], on: ['subscription.expiring'] },
  }),
  ...category('system', {
    system_update: { channels: ['in_app'], on: ['system.updated'] },
    maintenance: { channels: ['in_app', 'email'], on: ['maintenance.planned'] },
    new_feature: { channels: ['in_app'], priority: 'low', on: ['feature.released'] },
  }),
  ...category('support', {
    ticket_created: { channels: ['in_app', 'email'], on: ['ticket.created'] },
    ticket_resolved: { channels: ['in_app', 'email'], on: ['ticket.resolved'] },
  }),
];

/** Events that bring their own content and name no type. */
export const adHocType: NotificationType = {
  key: 'ad_hoc',
  category: 'system',
  priority: 'normal',
  channels: ['in_app'],
  mandatory: false,
  on: [],
  origin: 'system',
  template: 'ad_hoc',
};
