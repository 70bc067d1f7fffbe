import { mostSegments, smsSizeOf } from '@carillon/contracts';

/** What the author of an SMS should know: that it would not be sent, or what makes it cost more than it has to. */
export function smsNotes(text: string): string[] {
  const { alphabet, segments } = smsSizeOf(text);
  const notes: string[] = [];
  if (segments > mostSegments) notes.push(`This is ${segments} SMS; more than ${mostSegments} are never sent.`);
  if (alphabet === 'GSM-7') return notes;
  const outside = new Set([...text].filter((character) => smsSizeOf(character).alphabet === 'UCS-2'));
  const plain = [...text].map((character) => (outside.has(character) ? '?' : character)).join('');
  const without = smsSizeOf(plain).segments;
  if (without < segments) {
    const named = [...outside].slice(0, 10).join(' ');
    notes.push(
      `This is ${segments} SMS because of ${named} outside the GSM alphabet; without them it would be ${without}.`,
    );
  }
  return notes;
}
