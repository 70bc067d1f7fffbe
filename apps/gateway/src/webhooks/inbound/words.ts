/**
 * What people answer to get no more SMS, or to get them again: in English, Swahili and French, without accents, as whole messages.
 * The English ones are those of the networks (CTIA); words that mean something else as well, such as YES and NO, are left out.
 */
export const stopWords: ReadonlySet<string> = new Set([
  ...['STOP', 'STOPALL', 'STOP ALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT', 'OPT OUT', 'OPT-OUT'],
  ...['ACHA', 'SIMAMISHA', 'KOMESHA', 'JIONDOE', 'NIONDOE', 'SITAKI'],
  ...['ARRET', 'ARRETER', 'ARRETEZ', 'DESABONNER', 'DESABONNEMENT', 'DESINSCRIRE'],
]);
export const startWords: ReadonlySet<string> = new Set([
  ...['START', 'UNSTOP', 'SUBSCRIBE', 'OPTIN', 'OPT IN', 'OPT-IN'],
  ...['ANZA', 'ANZISHA', 'JIUNGE', 'ENDELEA'],
  ...['REPRENDRE', 'COMMENCER', 'ABONNER'],
]);
