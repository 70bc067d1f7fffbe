/** The groups of routes, in reading order; a controller's name in words is its group. */
export const tags: readonly { name: string; description: string }[] = [
  { name: 'Events', description: 'What servers publish: something happened, and these people should hear of it.' },
  { name: 'Recipients', description: 'People and their contacts, kept by your servers; tokens for their apps.' },
  { name: 'Traces', description: 'Why and how one notification was delivered, or not.' },
  { name: 'Inbox', description: 'A recipient’s own notifications, for client apps.' },
  { name: 'Preferences', description: 'What a recipient wants to hear of, and where.' },
  { name: 'Deliveries', description: 'The email and SMS logs, with each attempt; for admins.' },
  { name: 'Catalog', description: 'The rules of a tenant as one document: kept as code, versioned, revertible.' },
  { name: 'Types', description: 'The notification types of the catalog, built in and your own.' },
  { name: 'Categories', description: 'The groups that recipients switch on and off.' },
  { name: 'Sources', description: 'The exchanges of your services that Carillon listens to.' },
  { name: 'Dead letters', description: 'Messages that no service could work with, kept until an admin decides.' },
  { name: 'Documents', description: 'This documentation, in forms for people and for machines.' },
  { name: 'Docs page', description: 'This documentation as a page.' },
  { name: 'Admin console', description: 'The console for people who look after a tenant.' },
  { name: 'Operations', description: 'For orchestrators and Prometheus; keep them inside your network.' },
];
