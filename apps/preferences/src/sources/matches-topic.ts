/**
 * Whether a topic exchange would bring a routing key to a binding (https://www.rabbitmq.com/tutorials/tutorial-five-javascript):
 * both are words between dots; `*` stands for one word, `#` for any number of them.
 */
export function matchesTopic(pattern: string, routingKey: string): boolean {
  const wanted = wordsOf(pattern);
  const words = wordsOf(routingKey);
  let at = 0;
  let word = 0;
  // The last `#` met, and the first word that it has not taken; going back to an earlier one can change nothing.
  let hash = -1;
  let next = 0;
  while (word < words.length) {
    if (wanted[at] === '#') {
      hash = at++;
      next = word;
    } else if (at < wanted.length && (wanted[at] === '*' || wanted[at] === words[word])) {
      at += 1;
      word += 1;
    } else if (hash >= 0) {
      at = hash + 1;
      word = next += 1;
    } else {
      return false;
    }
  }
  while (wanted[at] === '#') at += 1;
  return at === wanted.length;
}

/** An empty key has no word, not an empty one. */
function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split('.');
}
