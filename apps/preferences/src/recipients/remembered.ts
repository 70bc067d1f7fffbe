/**
 * The function with a memory of its last answers, for pure functions that are slow and get few different arguments.
 * @param max answers that are kept; then the memory starts anew, so that nobody can fill it
 */
export function remembered<Answer>(ask: (argument: string) => Answer, max = 1000): (argument: string) => Answer {
  const answers = new Map<string, Answer>();
  return (argument) => {
    const known = answers.get(argument);
    if (known !== undefined) return known;
    const answer = ask(argument);
    if (answers.size >= max) answers.clear();
    answers.set(argument, answer);
    return answer;
  };
}
