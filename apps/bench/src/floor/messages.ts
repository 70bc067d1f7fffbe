/** What travels between the floor's processes. The front door takes the same CloudEvents as Carillon's. */

/** `data` of a domain event. */
export interface DomainData {
  recipient_id: string;
  title: string;
  message: string;
  /** RFC 3339 */
  starts_at: string;
  ends_at: string;
}

/** `data` of an event to everyone of its tenant. */
export interface AudienceRequest {
  type: string;
  audience: { all: true };
  data: DomainData;
}

/** `data` of a routed notification. */
export interface Routed {
  notification_id: string;
  type: string;
  category: string;
  priority: string;
  recipient: { id: string; name: string | null; locale: string; time_zone: string };
  deliveries: { delivery_id: string; channel: string; address: string }[];
  data: DomainData;
  created_at: string;
}

interface Rendered {
  delivery_id: string;
  notification_id: string;
  recipient: string;
  type: string;
  category: string;
  priority: string;
  created_at: string;
}

/** `data` of the words of an in-app notification. */
export interface InApp extends Rendered {
  title: string;
  message: string;
  link: string | null;
  metadata: Record<string, unknown>;
}

/** `data` of an email that is ready to be sent. */
export interface Email extends Rendered {
  to: { address: string; name: string | null };
  subject: string;
  html: string;
  text: string;
}
