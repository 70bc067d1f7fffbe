/** What the pages say. `{category}` and `{sender}` are filled in. */
export interface PageWords {
  /** Where the brand is not known: as in "emails from us". */
  us: string;
  ask: { heading: string; text: string };
  ended: { heading: string; text: string };
  allEnded: { heading: string; text: string };
  resumed: { heading: string; text: string };
  end: string;
  endAll: string;
  resume: string;
  resumeAll: string;
  resumeOnly: string;
  note: string;
  notFound: { heading: string; text: string };
  tooOften: { heading: string; text: string };
  unavailable: { heading: string; text: string };
}

const en: PageWords = {
  us: 'us',
  ask: { heading: 'Unsubscribe?', text: 'You will get no more emails about “{category}” from {sender}.' },
  ended: { heading: 'You are unsubscribed', text: 'You get no more emails about “{category}” from {sender}.' },
  allEnded: { heading: 'You are unsubscribed from all emails', text: 'You get no more emails from {sender}.' },
  resumed: { heading: 'You are subscribed', text: 'You get emails about “{category}” from {sender} again.' },
  end: 'Unsubscribe',
  endAll: 'Unsubscribe from all emails',
  resume: 'Subscribe again',
  resumeAll: 'Get emails again',
  resumeOnly: 'Get only those about “{category}”',
  note: 'Messages that you need, such as codes to sign in, still arrive.',
  notFound: {
    heading: 'This link does not work',
    text: 'It may be too old, or only a part of it was copied. Open it from the email again.',
  },
  tooOften: { heading: 'Please wait a minute', text: 'This link was opened too often. Try it again in a minute.' },
  unavailable: { heading: 'Please try again later', text: 'Something does not work right now. It is not your fault.' },
};

const sw: PageWords = {
  us: 'sisi',
  ask: { heading: 'Ungependa kujiondoa?', text: 'Hutapokea tena barua pepe za “{category}” kutoka {sender}.' },
  ended: { heading: 'Umejiondoa', text: 'Hupokei tena barua pepe za “{category}” kutoka {sender}.' },
  allEnded: { heading: 'Umejiondoa kwenye barua pepe zote', text: 'Hupokei tena barua pepe kutoka {sender}.' },
  resumed: { heading: 'Umejiunga', text: 'Unapokea tena barua pepe za “{category}” kutoka {sender}.' },
  end: 'Jiondoe',
  endAll: 'Jiondoe kwenye barua pepe zote',
  resume: 'Jiunge tena',
  resumeAll: 'Pokea barua pepe tena',
  resumeOnly: 'Pokea za “{category}” pekee',
  note: 'Ujumbe unaouhitaji, kama vile misimbo ya kuingia, utaendelea kukufikia.',
  notFound: {
    heading: 'Kiungo hiki hakifanyi kazi',
    text: 'Huenda ni cha zamani, au ni sehemu yake tu iliyonakiliwa. Kifungue tena kutoka kwenye barua pepe.',
  },
  tooOften: {
    heading: 'Tafadhali subiri dakika moja',
    text: 'Kiungo hiki kimefunguliwa mara nyingi. Jaribu tena baada ya dakika moja.',
  },
  unavailable: { heading: 'Tafadhali jaribu tena baadaye', text: 'Kuna kitu hakifanyi kazi kwa sasa. Si kosa lako.' },
};

const languages: Readonly<Record<string, PageWords>> = { en, sw };

/** The words for the first language that there are words in, otherwise English. @param locales BCP 47, best first */
export function wordsFor(...locales: readonly string[]): { lang: string; words: PageWords } {
  const known = locales.map((locale) => locale.toLowerCase().split('-')[0]!);
  const lang = known.find((language) => Object.hasOwn(languages, language)) ?? 'en';
  return { lang, words: languages[lang]! };
}

/** The languages of an `Accept-Language` header, in its own order, which browsers keep sorted. */
export function acceptedLanguages(header = ''): string[] {
  return header.split(',').flatMap((part) => /^\s*([a-z]{2,3}(?:-[\w-]+)?)/i.exec(part)?.[1] ?? []);
}
