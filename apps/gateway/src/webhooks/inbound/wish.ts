import type { SuppressionAsked } from '@carillon/contracts';
import { startWords, stopWords } from './words.ts';

/**
 * What the author of an SMS wishes: no more of them, or to get them again.
 * @returns undefined for every other message, which is not kept
 */
export function wishOf(provider: string, from: string, text: string, at: string): SuppressionAsked | undefined {
  const word = plain(text);
  const suppress = stopWords.has(word);
  if (!suppress && !startWords.has(word)) return undefined;
  return { channel: 'sms', address: from, suppress, reason: 'unsubscribed', note: word, by: provider, at };
}

/** Without case, accents, the spaces around and what people put behind a word: `« Arrêt. »` becomes `ARRET`. */
function plain(text: string): string {
  return text
    .slice(0, 200)
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
    .replaceAll(/\s+/g, ' ')
    .toUpperCase();
}
